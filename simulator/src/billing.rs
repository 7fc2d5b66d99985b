//! What GitHub says about an organization's Copilot subscription, in addition to its list of seats.
/// An organization's Copilot subscription, as far as its list of seats doesn't show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Billing {
    /// People with a pending invitation. They're billed, but they aren't in the list.
    pub pending_invitation: u64,
    /// Canceled seats that are billed, but aren't in the list.
    pub unlisted_cancellation: u64,
    /// The number of billed seats. `None` for the people in the list and the two other counts.
    pub total: Option<u64>,
    /// The settings, by GitHub's names.
    pub settings: Vec<(String, String)>,
}

impl Default for Billing {
    fn default() -> Self {
        let settings = [
            ("public_code_suggestions", "block"),
            ("ide_chat", "enabled"),
            ("platform_chat", "enabled"),
            ("cli", "enabled"),
            ("seat_management_setting", "assign_selected"),
            ("plan_type", "business"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            pending_invitation: 0,
            unlisted_cancellation: 0,
            total: None,
            settings: settings.into(),
        }
    }
}

impl Billing {
    /// Sets a setting.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(other, _)| other != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }
}

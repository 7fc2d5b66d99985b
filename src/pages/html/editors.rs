//! Names the places where people use Copilot, as people know them.

use crate::report::columns::family;

/// The label for people without any known activity.
pub(super) const NO_ACTIVITY: &str = "No activity known";

/// The label for an activity without a place.
const UNKNOWN: &str = "Unknown";

/// Returns the name of a surface, such as `VS Code` for `vscode/1.113.0/copilot-chat/0.41.1`.
pub(super) fn label(surface: Option<&str>) -> String {
    let Some(family) = family(surface).0 else {
        return UNKNOWN.to_owned();
    };
    let known = match &*family.to_lowercase() {
        "vscode" => "VS Code",
        "visualstudio" => "Visual Studio",
        "xcode" => "Xcode",
        "eclipse" => "Eclipse",
        "neovim" => "Neovim",
        "vim" => "Vim",
        "copilot-cli" => "Copilot CLI",
        "copilot-chat-platform" => "Copilot Chat on GitHub",
        "copilot_pr_review" => "Copilot code review",
        "copilot-mobile-ios" => "GitHub Mobile (iOS)",
        "copilot-mobile-android" => "GitHub Mobile (Android)",
        "unknown" => UNKNOWN,
        other => match other.strip_prefix("jetbrains-") {
            Some(product) => return jetbrains(product),
            None => return super::text::name(family),
        },
    };
    known.to_owned()
}

/// Returns the name of a product of JetBrains, by its code.
fn jetbrains(code: &str) -> String {
    let product = match code {
        "iu" | "ic" => "IntelliJ IDEA",
        "py" | "pc" => "PyCharm",
        "ws" => "WebStorm",
        "go" => "GoLand",
        "rd" => "Rider",
        "cl" => "CLion",
        "ps" => "PhpStorm",
        "rm" => "RubyMine",
        "rr" => "RustRover",
        "db" => "DataGrip",
        "ai" => "Android Studio",
        _ => return format!("JetBrains {}", super::text::name(&code.to_uppercase())),
    };
    product.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_places_have_their_names_and_others_stay_as_they_are() {
        for (surface, expected) in [
            (Some("vscode/1.113.0/copilot-chat/0.41.1"), "VS Code"),
            (Some("JetBrains-IU/261.22158"), "IntelliJ IDEA"),
            (Some("JetBrains-QA"), "JetBrains QA"),
            (Some("copilot_pr_review"), "Copilot code review"),
            (Some("Zed/1.0"), "Zed"),
            (Some("/unknown"), "Unknown"),
            (Some("unknown/GitHubCopilotChat"), "Unknown"),
            (None, "Unknown"),
        ] {
            assert_eq!(label(surface), expected);
        }
    }
}

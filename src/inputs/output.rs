//! Decides where the report goes if the command runs outside a workflow: `--output`, which
//! workflows don't have.

use std::path::PathBuf;

use super::delivery::DeliverTo;
use super::raw::RawInputs;
use super::{Format, Output, Selection};

impl RawInputs<'_> {
    /// Without `--output`, the report goes to standard output if that isn't a terminal and the user
    /// set no directory or delivery.
    pub(super) fn output(
        &mut self,
        selection: Option<&Selection>,
        formats: Option<&[Format]>,
        deliver_to: Option<DeliverTo>,
    ) -> Option<Output> {
        let given = self.output.clone();
        let uploads = deliver_to.is_some_and(|to| to.artifact);
        let delivers = uploads || deliver_to.is_some_and(|to| to.repository);
        let combines = self.get("combined-report") == Some("true");
        let has_folder = self.get("output-directory").is_some();
        if self.in_actions() {
            if given.is_some() {
                self.refuse(
                    "output",
                    "works only from the command line. In a workflow, use `output-directory`.",
                );
            }
            return Some(Output::Directory);
        }
        let output = match given.as_deref() {
            Some(path) if path.trim().is_empty() => {
                self.refuse(
                    "output",
                    "is empty. Name a file, or use `-` for standard output.",
                );
                return None;
            }
            Some("-") => Output::Standard,
            Some(path) => Output::File(PathBuf::from(path)),
            None if self.output_is_terminal || has_folder || delivers || combines => {
                Output::Directory
            }
            None => Output::Standard,
        };
        if output == Output::Directory {
            return Some(output);
        }
        let problem = if has_folder {
            "can't be used together with `output-directory`. Set only one of them."
        } else if uploads {
            "an artifact contains the files in `output-directory`. Remove `--output`."
        } else if combines {
            "a file or standard output can take only one report, but `combined-report` adds another file. Set `output-directory` to write a directory instead."
        } else if let Some(Selection::Matching(_)) = selection {
            "a file or standard output can take only one report, but `organization` has a pattern, which can match several organizations. Set `output-directory` to write a directory instead."
        } else if let Some(Selection::Named(scopes)) = selection
            && scopes.len() > 1
        {
            "a file or standard output can take only one report, but you named several organizations. Set `output-directory` to write a directory instead."
        } else if formats.is_some_and(|formats| formats.len() > 1) {
            "a file or standard output can take only one format, but `format` names several. Set `output-directory` to write a directory instead."
        } else {
            return Some(output);
        };
        self.refuse("output", problem);
        None
    }
}

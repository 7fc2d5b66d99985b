//! Uploads a file as an artifact of the current job, and does nothing else. `benchmarks/run` uses
//! it to measure the action's own upload.
//!
//! ```sh
//! upload report.csv
//! ```

use std::path::PathBuf;

use anyhow::Context as _;
use copilot_activity_report::Environment;
use copilot_activity_report::testing::{ArtifactName, ArtifactService, Clock, File, Http, Proxies};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let path = std::env::args_os().nth(1).context("usage: upload FILE")?;
    let path = PathBuf::from(path);
    let name = path.file_name().and_then(|name| name.to_str());
    let file = File {
        name: name.context("the file's name is not Unicode")?,
        path: &path,
    };
    let environment = Environment::read();
    let http = Http::new(&environment, Proxies::from_environment(&environment, &[])?)?;
    let clock = Clock::system(&environment);
    let service = ArtifactService::from_environment(http, clock, &environment)?;
    let wanted = ArtifactName::parse("benchmark")?;
    let uploaded = service.upload(&wanted, &[file], None, &mut |_| {}).await?;
    println!("{} bytes, SHA-256 {}", uploaded.size, uploaded.digest);
    Ok(())
}

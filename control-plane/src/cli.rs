//! What the program does besides serving.

use crate::{audit::verify, billing::cli::BillCommand, people::operator::PersonCommand};
use clap::Subcommand;
use std::{fs::File, io::BufReader, path::PathBuf, process::ExitCode};

#[derive(Subcommand)]
pub enum Tool {
    /// Work on exported audit logs, without a database.
    #[command(subcommand)]
    Audit(AuditTool),
    /// Help somebody who cannot get into their account.
    #[command(subcommand)]
    Person(PersonCommand),
    /// Invoices: recompute them, mark them as paid, give credits.
    #[command(subcommand)]
    Bill(BillCommand),
}

#[derive(Subcommand)]
pub enum AuditTool {
    /// Check that no entry of an export was changed, removed or added.
    Verify {
        /// What GET /v1/organisations/{org}/audit/export answered.
        export: PathBuf,
        /// The hash of the last entry, as GET …/audit/head said at the time.
        #[arg(long)]
        head: Option<String>,
    },
}

impl AuditTool {
    pub fn run(self) -> ExitCode {
        let outcome = match self {
            Self::Verify { export, head } => verify_audit(&export, head),
        };
        say(outcome)
    }
}

/// Prints what came out, and what the shell is told of it.
pub fn say(outcome: Result<String, String>) -> ExitCode {
    match outcome {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(refused) => {
            eprintln!("{refused}");
            ExitCode::FAILURE
        }
    }
}

fn verify_audit(export: &PathBuf, head: Option<String>) -> Result<String, String> {
    let path = export.display();
    let file = File::open(export).map_err(|e| format!("{path}: {e}"))?;
    let verified = verify::verify(BufReader::new(file), head.as_deref());
    verified.map(|held| held.to_string()).map_err(|broken| format!("{path}: {broken}"))
}

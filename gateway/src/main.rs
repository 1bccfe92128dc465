//! `signalbox-gateway`: reads its configuration, builds the gateway, runs it.

use clap::Parser;
use gateway::{
    config::{Cli, Command, Config},
    directory, run,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Some(Command::DirectoryImport { file }) => {
            cli.flags.with_file().map_err(Into::into).and_then(|flags| import(&flags, &file))
        }
        None => Config::load(cli.flags).map_err(Into::into).and_then(run::run),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("signalbox-gateway: {e}");
            ExitCode::FAILURE
        }
    }
}

fn import(flags: &gateway::config::Flags, file: &std::path::Path) -> Result<(), run::RunError> {
    let (master, folder) = (flags.master_key()?, flags.state_dir());
    let records = directory::import(file, &folder, &master)?;
    println!("{records} records written to {}", folder.display());
    Ok(())
}

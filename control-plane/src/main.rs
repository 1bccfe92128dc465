//! Read configuration, build, run.

use clap::Parser;
use control_plane::{
    billing::cli::BillCommand,
    cli::{self, Tool},
    config::{Config, Flags, LogFormat},
    db::Db,
    people::operator::{self, PersonCommand},
    server,
    state::{State, install_tls},
};
use std::{error::Error, process::ExitCode, sync::Arc};
use time::OffsetDateTime;
use tracing_subscriber::EnvFilter;

#[actix_web::main]
async fn main() -> ExitCode {
    let mut flags = Flags::parse();
    let done = match flags.tool.take() {
        Some(Tool::Audit(tool)) => return tool.run(),
        Some(Tool::Person(command)) => help(flags, &command).await,
        Some(Tool::Bill(command)) => match command.run_offline() {
            Ok(said) => return cli::say(said),
            Err(command) => bill(flags, &command).await,
        },
        None => serve(flags).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("signalbox-control-plane: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(flags: Flags) -> Result<(), Box<dyn Error>> {
    let (config, state) = open(flags).await?;
    Ok(server::run(&config, state).await?)
}

async fn help(flags: Flags, command: &PersonCommand) -> Result<(), Box<dyn Error>> {
    let (_, state) = open(flags).await?;
    println!("{}", operator::run(&state, command).await?);
    Ok(())
}

async fn bill(flags: Flags, command: &BillCommand) -> Result<(), Box<dyn Error>> {
    let (_, state) = open(flags).await?;
    Ok(command.run(&state, OffsetDateTime::now_utc()).await?)
}

async fn open(flags: Flags) -> Result<(Config, Arc<State>), Box<dyn Error>> {
    install_tls();
    let config = Config::read(flags)?;
    start_logging(&config)?;
    let db = Db::open(&config.database_url, config.database_connections).await?;
    let state = Arc::new(State::new(&config, db)?);
    Ok((config, state))
}

fn start_logging(config: &Config) -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_new(&config.log).map_err(|e| format!("SIGNALBOX_LOG: {e}"))?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Json => logs.json().init(),
        LogFormat::Text => logs.init(),
    }
    Ok(())
}

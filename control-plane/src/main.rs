//! Read configuration, build, run.

use clap::Parser;
use control_plane::{
    config::{Config, Flags, LogFormat},
    db::Db,
    server,
    state::{State, install_tls},
};
use std::{error::Error, process::ExitCode, sync::Arc};
use tracing_subscriber::EnvFilter;

#[actix_web::main]
async fn main() -> ExitCode {
    let mut flags = Flags::parse();
    if let Some(tool) = flags.tool.take() {
        return tool.run();
    }
    match start(flags).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("signalbox-control-plane: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn start(flags: Flags) -> Result<(), Box<dyn Error>> {
    install_tls();
    let config = Config::read(flags)?;
    start_logging(&config)?;
    let db = Db::open(&config.database_url, config.database_connections).await?;
    let state = Arc::new(State::new(&config, db)?);
    Ok(server::run(&config, state).await?)
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

//! What the query of the upgrade says. Source: spec/pusher.md §2.1.

use super::errors::Fatal;

/// What the client says it is. Only one client needs something of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientHint {
    #[default]
    Other,
    /// Listens for refusals under an internal name.
    DotNet,
}

/// Reads the query of `/app/{key}`.
///
/// Errors: `Fatal::Protocol` for a version other than 5 to 7; a missing version is 7.
pub fn read_query(query: &str) -> Result<ClientHint, Fatal> {
    let mut hint = ClientHint::Other;
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "protocol" if !matches!(value, "5" | "6" | "7") => return Err(Fatal::Protocol),
            "client" if value == "pusher-dotnet-client" => hint = ClientHint::DotNet,
            _ => {}
        }
    }
    Ok(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_five_to_seven_are_spoken() {
        for (query, expected) in [
            ("protocol=7&client=js&version=8.4.0&flash=false", Ok(ClientHint::Other)),
            ("client=pusher-dotnet-client&protocol=5", Ok(ClientHint::DotNet)),
            ("protocol=6&client=Pysher", Ok(ClientHint::Other)),
            ("", Ok(ClientHint::Other)),
            ("flash", Ok(ClientHint::Other)),
            ("protocol=4", Err(Fatal::Protocol)),
            ("protocol=8", Err(Fatal::Protocol)),
            ("protocol=", Err(Fatal::Protocol)),
            ("protocol=2", Err(Fatal::Protocol)),
        ] {
            assert_eq!(read_query(query), expected, "{query}");
        }
    }
}

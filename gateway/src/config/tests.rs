use super::*;

/// Two values without a default, and `more`.
fn load(more: &[&str], toml: &str) -> Result<Config, BadConfig> {
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let required = ["gateway", "--master-key", key, "--gateway-token", "0123456789abcdef"];
    let cli = Cli::try_parse_from(required.iter().chain(more)).expect("flags");
    cli.flags.over(from_toml(toml, "test.toml".as_ref())?).resolve()
}

#[test]
fn defaults_are_those_of_the_documentation() {
    let config = load(&[], "").expect("complete");
    assert_eq!(config.listen.to_string(), "127.0.0.1:6001");
    assert_eq!(config.metrics_listen.to_string(), "127.0.0.1:9601");
    assert_eq!(config.control_plane_url, "http://127.0.0.1:8000");
    assert_eq!(config.advertised_ops_url, "http://127.0.0.1:9601");
    assert_eq!(config.metrics_prefix, "sockudo_");
    assert_eq!((config.drain, config.mount.as_str()), (Duration::from_secs(10), ""));
    assert_eq!((config.max_inbound_message_bytes, config.slow_consumer_bytes), (65_536, 1 << 20));
    assert_eq!(config.usage_spool_bytes, 2 << 30);
    assert_eq!((config.webhook_spool_bytes, config.live_kept_per_s), (256 << 20, 200));
    assert!(config.workers > 0 && config.tls.is_none() && config.otlp_endpoint.is_none());
}

#[test]
fn flags_stand_over_the_file() {
    let toml = "[gateway]\nlisten = \"127.0.0.1:1\"\nmount = \"/rt\"\n[other]\nx = 1";
    let config = load(&["--listen", "127.0.0.1:2"], toml).expect("complete");
    assert_eq!((config.listen.port(), config.mount.as_str()), (2, "/rt"));
}

#[test]
fn what_does_not_parse_is_refused_by_name() {
    for (flag, value, name) in [
        ("--listen", "6001", "SIGNALBOX_LISTEN"),
        ("--metrics-listen", "localhost", "SIGNALBOX_METRICS_LISTEN"),
        ("--control-plane-url", "127.0.0.1:8000", "SIGNALBOX_CONTROL_PLANE_URL"),
        ("--advertised-ops-url", "ftp://x", "SIGNALBOX_ADVERTISED_OPS_URL"),
        ("--workers", "0", "SIGNALBOX_WORKERS"),
        ("--trusted-proxies", "17", "SIGNALBOX_TRUSTED_PROXIES"),
        ("--workers", "many", "SIGNALBOX_WORKERS"),
        ("--max-sockets-per-worker", "0", "SIGNALBOX_MAX_SOCKETS_PER_WORKER"),
        ("--gateway-id", "a b", "SIGNALBOX_GATEWAY_ID"),
        ("--otlp-endpoint", "collector", "SIGNALBOX_OTLP_ENDPOINT"),
        ("--metrics-prefix", "9x", "SIGNALBOX_METRICS_PREFIX"),
        ("--mount", "rt", "SIGNALBOX_MOUNT"),
        ("--drain-seconds", "-1", "SIGNALBOX_DRAIN_SECONDS"),
        ("--max-inbound-message-bytes", "1023", "SIGNALBOX_MAX_INBOUND_MESSAGE_BYTES"),
        ("--slow-consumer-bytes", "1", "SIGNALBOX_SLOW_CONSUMER_BYTES"),
        ("--usage-spool-bytes", "1", "SIGNALBOX_USAGE_SPOOL_BYTES"),
        ("--live-kept-per-s", "10001", "SIGNALBOX_LIVE_KEPT_PER_S"),
        ("--log-format", "xml", "SIGNALBOX_LOG_FORMAT"),
        ("--master-key", "c2hvcnQ=", "SIGNALBOX_MASTER_KEY"),
        ("--gateway-token", "fifteen-chars-x", "SIGNALBOX_GATEWAY_TOKEN"),
        ("--tls-cert", "c.pem", "SIGNALBOX_TLS_KEY"),
        ("--tls-key", "k.pem", "SIGNALBOX_TLS_CERT"),
    ] {
        let flag = format!("{flag}={value}");
        let given = Cli::try_parse_from(["gateway", &flag]).expect("a flag").flags;
        let under = Flags {
            master_key: Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()),
            gateway_token: Some("0123456789abcdef".into()),
            ..Flags::default()
        };
        let Err(bad) = given.over(under).resolve() else { panic!("{flag} was taken") };
        assert!(bad.to_string().starts_with(name), "{flag}: {bad}");
        assert!(value.len() < 8 || !bad.to_string().contains(value), "{flag}: {bad} repeats it");
    }
}

#[test]
fn what_has_no_safe_default_is_required() {
    let missing = |flags: Flags| flags.resolve().map(drop).unwrap_err().to_string();
    assert_eq!(missing(Flags::default()), "SIGNALBOX_GATEWAY_TOKEN is required");
    let gateway_token = Some("0123456789abcdef".into());
    let flags = Flags { gateway_token, ..Flags::default() };
    assert_eq!(missing(flags), "SIGNALBOX_MASTER_KEY is required");
}

#[test]
fn a_bad_file_names_its_line_and_no_value() {
    let bad = load(&[], "[gateway]\nmaster_kee = \"hunter2hunter2\"").map(drop).unwrap_err();
    let text = bad.to_string();
    assert!(text.contains("test.toml") && text.contains("line 2"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

//! A channel pattern as Postgres matches it.

use contract::{BadPattern, Pattern};

/// The regular expression of Postgres for those who search by pattern: where the pattern has a star,
/// in capitals or not. A text without stars is that name alone.
///
/// Errors: what is no pattern (see [`Pattern`] for the grammar).
pub fn of_pattern(raw: &str) -> Result<String, BadPattern> {
    raw.parse::<Pattern>()?;
    let mut expression = String::with_capacity(raw.len() + 8);
    let mut has_star = false;
    let mut rest = raw.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                let escaped = rest.next_if(|next| matches!(next, '*' | '\\'));
                literal(escaped.unwrap_or(c), &mut expression);
            }
            '*' => {
                let stars = 1 + std::iter::from_fn(|| rest.next_if_eq(&'*')).count();
                expression.push_str(if stars > 1 { ".*" } else { "[^/]*" });
                has_star = true;
            }
            c => literal(c, &mut expression),
        }
    }
    Ok(format!("{}^{expression}$", if has_star { "(?i)" } else { "" }))
}

/// A backslash before anything but letters and digits makes it stand for itself.
fn literal(c: char, expression: &mut String) {
    if c.is_ascii_punctuation() {
        expression.push('\\');
    }
    expression.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::PgPool;

    #[test]
    fn stars_are_runs_and_all_else_is_itself() {
        for (pattern, expression) in [
            ("orders-*", r"(?i)^orders\-[^/]*$"),
            ("a/**", r"(?i)^a\/.*$"),
            ("a***b", "(?i)^a.*b$"),
            (r"a\*b\\c\d", r"^a\*b\\c\\d$"),
            ("a.b+[c]", r"^a\.b\+\[c\]$"),
            ("größe 1", "^größe 1$"),
        ] {
            assert_eq!(of_pattern(pattern).as_deref(), Ok(expression), "{pattern}");
        }
        assert!(of_pattern("").is_err());
        assert!(of_pattern(&"*a".repeat(17)).is_err());
    }

    #[sqlx::test(migrations = false)]
    async fn postgres_matches_what_the_pattern_does(db: PgPool) {
        let names = [
            "", "a", "ab", "a*b", "a/b", "a/b/c", "a\\b", "orders-1", "orders-", "Orders-1", "é",
            "aé/", "a.b", "axb", "(a|b)", "{1}", "a b", "^a$",
        ];
        for pattern in [
            "*", "**", "a*", "a**", "*/b", "**/c", "a\\*b", "a\\\\b", "a.b", "orders-*", "(a|b)",
            "{1}", "a b", "^a$", "é", "a?/", "*é*", "a/*/c", "***b",
        ] {
            let has_star = pattern.replace("\\*", "").contains('*');
            let seen = |text: &str| if has_star { text.to_lowercase() } else { text.to_owned() };
            let compiled: Pattern = seen(pattern).parse().unwrap();
            for name in names {
                let found: bool = sqlx::query_scalar("SELECT $1 ~ $2")
                    .bind(name)
                    .bind(of_pattern(pattern).unwrap())
                    .fetch_one(&db)
                    .await
                    .unwrap();
                assert_eq!(found, compiled.matches(&seen(name)), "{pattern} on {name}");
            }
        }
    }
}

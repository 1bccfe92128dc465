//! What must be true of every invoice, whatever was used.

use super::{
    calendar::{Day, PERIOD, Period},
    compute::{
        CreditLeft, Fee, Outcome, PreviousPeriod, PricedPlan, Recipe, Upgrade, billed, invoice,
    },
    ledger::{Units, Usage},
    line::Line,
    money::Micros,
    pool::walk,
    terms::{Basis, OverageSpan, Term},
};
use contract::AppId;
use proptest::{collection::vec, prelude::*};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

const START: OffsetDateTime = datetime!(2026-11-01 00:00 UTC);
const PERIOD_1: Period = Period { start: START, end: datetime!(2026-12-01 00:00 UTC) };
const SPLIT_APPS: [&str; 3] = ["1001", "1002", "1003"];

fn app(id: &str) -> AppId {
    id.parse().unwrap()
}

fn day(n: usize) -> Day {
    Day::of(START + Duration::DAY * i32::try_from(n).unwrap())
}

/// Terms with 1,000 units a day and two micro-dollars per unit; the first two apps have overage.
fn basis(period: Period, opening_units: i64) -> Basis {
    let overage = |id| OverageSpan { app: app(id), from: START, until: None };
    Basis {
        period,
        opening_units,
        terms: vec![Term {
            from: START,
            plan: "growth".into(),
            version: 1,
            messages_per_day: 1_000,
            overage_micros_per_million: Some(Micros(2_000_000)),
        }],
        overage_apps: vec![overage("1001"), overage("1002")],
        spend_limit_micros: None,
    }
}

fn usage_of(days: &[[(u64, u64); 3]]) -> Usage {
    let mut usage = Usage::default();
    for (n, apps) in days.iter().enumerate() {
        for (id, (published, delivered)) in SPLIT_APPS.iter().zip(*apps) {
            usage.add_units(day(n), &app(id), Units { published, delivered });
        }
    }
    usage
}

fn one_day(apps: [(u64, u64); 3]) -> Outcome {
    let period = Period { start: START, end: START + Duration::DAY };
    let recipe = Recipe { usage: Some(basis(period, 0)), ..Recipe::default() };
    invoice(&recipe, &usage_of(&[apps])).unwrap()
}

fn units(outcome: &Outcome) -> Vec<(String, &'static str, i64, i64)> {
    let of = |line: &Line| match line {
        Line::Overage(l) | Line::Correction(l) => {
            (l.app.to_string(), l.metric.as_str(), l.units, l.amount_micros.0)
        }
        other => panic!("{other}"),
    };
    outcome.lines.iter().map(of).collect()
}

#[test]
fn what_the_pool_has_is_free_and_capped_apps_take_it_first() {
    assert_eq!(one_day([(300, 300), (0, 0), (0, 400)]).lines, []);
    let over = one_day([(300, 300), (0, 0), (0, 401)]);
    assert_eq!(units(&over), [("1001".into(), "delivered_units", 1, 2)]);
    let published = one_day([(700, 5), (0, 0), (0, 400)]);
    assert_eq!(
        units(&published),
        [("1001".into(), "published_units", 100, 200), ("1001".into(), "delivered_units", 5, 10)]
    );
    let capped_beyond = one_day([(0, 0), (0, 0), (0, 5_000)]);
    assert_eq!(capped_beyond.lines, [], "the fan-out of a capped app is never billed");
    assert_eq!(capped_beyond.closing_units, Some(-4_000), "the next days owe it");
}

#[test]
fn what_is_beyond_is_shared_by_units() {
    let over = one_day([(0, 1_000), (0, 1_001), (0, 0)]);
    assert_eq!(
        units(&over),
        [
            ("1001".into(), "delivered_units", 500, 1_000),
            ("1002".into(), "delivered_units", 501, 1_002)
        ]
    );
}

#[test]
fn no_invoice_asks_for_more_overage_than_the_limit_on_spending() {
    let mut recipe = Recipe { usage: Some(basis(PERIOD_1, 0)), ..Recipe::default() };
    let used = usage_of(&[[(0, 11_000), (0, 0), (0, 0)]]);
    assert_eq!(invoice(&recipe, &used).unwrap().total_micros, Micros(20_000));
    recipe.usage.as_mut().unwrap().spend_limit_micros = Some(Micros(15_000));
    let limited = invoice(&recipe, &used).unwrap();
    assert_eq!((limited.total_micros, limited.total_cents), (Micros(15_000), 2));
    assert!(matches!(limited.lines.last(), Some(Line::SpendLimit { .. })));
}

#[test]
fn what_arrives_late_is_on_the_next_invoice() {
    let before = basis(PERIOD_1, 0);
    let early = usage_of(&[[(0, 1_500), (0, 0), (0, 0)]]);
    let then = billed(&walk(&before, &early).unwrap()).unwrap();
    let late = usage_of(&[[(0, 1_700), (0, 0), (0, 0)]]);
    let recipe = Recipe {
        usage: Some(basis(PERIOD_1.next(), 123)),
        previous: Some(PreviousPeriod { basis: before, billed: then }),
        ..Recipe::default()
    };
    let corrected = invoice(&recipe, &late).unwrap();
    assert_eq!(units(&corrected), [("1001".into(), "delivered_units", 200, 400)]);
    assert!(matches!(corrected.lines[0], Line::Correction(_)));
    assert_eq!(invoice(&recipe, &early).unwrap().lines, []);
}

#[test]
fn credits_are_used_in_order_and_never_beyond_what_there_is_to_pay() {
    let credit =
        |left| CreditLeft { id: Uuid::nil(), reason: "goodwill".into(), left_micros: Micros(left) };
    let fee = Fee {
        plan: "starter".into(),
        version: 1,
        price_micros: Micros(19_000_000),
        period: PERIOD_1,
    };
    let recipe = Recipe {
        fee: Some(fee),
        credits: vec![credit(15_000_000), credit(10_000_000), credit(1)],
        ..Recipe::default()
    };
    let outcome = invoice(&recipe, &Usage::default()).unwrap();
    let amounts: Vec<_> = outcome.lines.iter().map(|line| line.amount().0).collect();
    assert_eq!(amounts, [19_000_000, -15_000_000, -4_000_000]);
    assert_eq!(outcome.total_cents, 0);
}

fn upgrade(from: i64, to: i64, seconds: u64) -> Recipe {
    let plan = |name: &str, price| PricedPlan {
        plan: name.into(),
        version: 1,
        price_micros: Micros(price),
    };
    let upgrade = Upgrade { from: plan("a", from), to: plan("b", to), period: PERIOD_1, seconds };
    Recipe { upgrade: Some(upgrade), ..Recipe::default() }
}

#[test]
fn an_upgrade_in_the_middle_costs_half_the_difference() {
    let half = invoice(&upgrade(19_000_000, 79_000_000, 1_296_000), &Usage::default()).unwrap();
    let amounts: Vec<_> = half.lines.iter().map(|line| line.amount().0).collect();
    assert_eq!(amounts, [-9_500_000, 39_500_000]);
    assert_eq!(half.total_cents, 3_000);
}

fn some_units() -> impl Strategy<Value = [(u64, u64); 3]> {
    [(0..1_500u64, 0..3_000u64), (0..1_500, 0..3_000), (0..1_500, 0..3_000)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn lines_make_the_total_and_units_are_neither_made_nor_lost(
        days in vec(some_units(), 30), opening in -2_000..40_000i64,
    ) {
        let basis = basis(PERIOD_1, opening);
        let usage = usage_of(&days);
        let recipe = Recipe { usage: Some(basis.clone()), ..Recipe::default() };
        let outcome = invoice(&recipe, &usage).unwrap();
        let sum: i64 = outcome.lines.iter().map(|line| line.amount().0).sum();
        prop_assert_eq!(sum, outcome.total_micros.0);
        prop_assert_eq!(outcome.total_cents, (sum + 5_000) / 10_000);
        for overage in walk(&basis, &usage).unwrap().overage {
            let used = usage.of_day(overage.day).find(|(app, _)| **app == overage.app).unwrap().1;
            let most = match overage.metric {
                super::pool::Counted::PublishedUnits => used.published,
                super::pool::Counted::DeliveredUnits => used.delivered,
            };
            prop_assert!(0 < overage.units && overage.units <= most);
            prop_assert!(overage.app != app("1003"), "a capped app is never billed");
        }
    }

    #[test]
    fn a_period_may_be_split_at_any_midnight(
        days in vec(some_units(), 30), opening in -2_000..40_000i64, at in 1..30i32,
    ) {
        let usage = usage_of(&days);
        let whole = walk(&basis(PERIOD_1, opening), &usage).unwrap();
        let middle = START + Duration::DAY * at;
        let first = walk(&basis(Period { start: START, end: middle }, opening), &usage).unwrap();
        let rest = Period { start: middle, end: PERIOD_1.end };
        let second = walk(&basis(rest, first.pool), &usage).unwrap();
        prop_assert_eq!([first.overage, second.overage].concat(), whole.overage);
        prop_assert_eq!(second.pool, whole.pool);
    }

    #[test]
    fn more_use_never_costs_less(
        days in vec(some_units(), 30), n in 0..30usize, which in 0..3usize, more in 1..500u64,
    ) {
        let recipe = Recipe { usage: Some(basis(PERIOD_1, 0)), ..Recipe::default() };
        let before = invoice(&recipe, &usage_of(&days)).unwrap().total_micros;
        let mut days = days;
        days[n][which].1 += more;
        prop_assert!(invoice(&recipe, &usage_of(&days)).unwrap().total_micros >= before);
    }

    #[test]
    fn corrections_make_up_for_what_was_not_known(
        known in vec(some_units(), 30), n in 0..30usize, which in 0..3usize, more in 0..5_000u64,
        limit in proptest::option::of(0..200_000i64),
    ) {
        let mut before = basis(PERIOD_1, 0);
        before.spend_limit_micros = limit.map(Micros);
        let total = |recipe: &Recipe, usage: &Usage| invoice(recipe, usage).unwrap().total_micros.0;
        let alone = Recipe { usage: Some(before.clone()), ..Recipe::default() };
        let early = usage_of(&known);
        let mut all = known.clone();
        all[n][which].1 += more;
        let late = usage_of(&all);
        let correction = Recipe {
            previous: Some(PreviousPeriod {
                billed: billed(&walk(&before, &early).unwrap()).unwrap(),
                basis: before,
            }),
            ..Recipe::default()
        };
        prop_assert_eq!(
            total(&alone, &early) + total(&correction, &late),
            total(&alone, &late)
        );
    }

    #[test]
    fn proration_is_never_negative_and_steps_up_cost_no_more_than_one(
        prices in [0..400_000_000i64, 0..400_000_000, 0..400_000_000],
        seconds in [0..=2_592_000u64, 0..=2_592_000],
    ) {
        let mut prices = prices;
        prices.sort_unstable();
        let [low, middle, high] = prices;
        let [later, sooner] = if seconds[0] < seconds[1] { seconds } else { [seconds[1], seconds[0]] };
        let due = |from, to, seconds| {
            invoice(&upgrade(from, to, seconds), &Usage::default()).unwrap().total_micros.0
        };
        let stepwise = due(low, middle, sooner) + due(middle, high, later);
        prop_assert!(due(low, middle, later) >= 0);
        prop_assert!(stepwise <= due(low, high, sooner) + 2, "parts of a micro-dollar apart");
        prop_assert!(due(low, high, 2_592_000) == high - low, "the whole period, the whole price");
    }

    #[test]
    fn nothing_overflows_in_silence(published in any::<u64>(), delivered in any::<u64>()) {
        let mut usage = Usage::default();
        usage.add_units(day(0), &app("1001"), Units { published, delivered });
        usage.add_units(day(0), &app("1002"), Units { published: delivered, delivered: published });
        let recipe = Recipe { usage: Some(basis(PERIOD_1, i64::MIN)), ..Recipe::default() };
        if let Ok(outcome) = invoice(&recipe, &usage) {
            prop_assert!(outcome.total_micros >= Micros::ZERO);
        }
    }
}

#[test]
fn a_period_is_thirty_days() {
    assert_eq!(PERIOD_1.end, START + PERIOD);
}

#[test]
fn the_worked_example_of_the_documentation_is_true() {
    let page = include_str!("../../../docs/billing.md");
    let period = PERIOD_1;
    let mut basis = basis(period, 0);
    basis.terms[0].messages_per_day = 10_000_000;
    basis.overage_apps.retain(|span| span.app == app("1002"));
    let fee = Fee {
        plan: "growth".into(),
        version: 1,
        price_micros: Micros(79_000_000),
        period: period.next(),
    };
    let recipe = Recipe { usage: Some(basis), fee: Some(fee), ..Recipe::default() };
    let usage = usage_of(&[[(0, 4_000_000), (1_000_000, 7_500_000), (0, 0)]]);
    let mut recipes = vec![(recipe, usage)];
    let mut up = upgrade(19_000_000, 79_000_000, 1_296_000);
    if let Some(upgrade) = &mut up.upgrade {
        (upgrade.from.plan, upgrade.to.plan) = ("starter".into(), "growth".into());
    }
    recipes.push((up, Usage::default()));
    for (recipe, usage) in recipes {
        let outcome = invoice(&recipe, &usage).unwrap();
        let total = super::money::dollars(outcome.total_cents);
        let rows = outcome.lines.iter().map(|line| (line.to_string(), line.amount().to_string()));
        for (text, amount) in rows.chain([("Total".to_owned(), total)]) {
            let is_there =
                |row: &str| row.strip_prefix(&text).is_some_and(|rest| rest.trim() == amount);
            assert!(page.lines().any(is_there), "{text} {amount}");
        }
    }
}

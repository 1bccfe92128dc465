//! The calendar month in which a moment falls, in UTC.

const DAY_S: u64 = 86_400;

/// Unix seconds of the first moment of the month and of the one after.
pub fn month_of(now_s: u64) -> (u64, u64) {
    let (mut year, mut left) = (1970, now_s / DAY_S);
    while left >= days_of(year) {
        left -= days_of(year);
        year += 1;
    }
    let mut month = 0;
    while left >= month_days(year, month) {
        left -= month_days(year, month);
        month += 1;
    }
    let first = now_s / DAY_S - left;
    (first * DAY_S, (first + month_days(year, month)) * DAY_S)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u64) -> u64 {
    365 + u64::from(is_leap(year))
}

fn month_days(year: u64, month: usize) -> u64 {
    const DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    DAYS[month] + u64::from(month == 1 && is_leap(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        for (now_s, expected) in [
            (0, (0, 2_678_400)),
            // 2024-02-29 12:00, 2024-03-01 00:00, 2025-12-31 23:59:59, 2100-02-28 00:00
            (1_709_208_000, (1_706_745_600, 1_709_251_200)),
            (1_709_251_200, (1_709_251_200, 1_711_929_600)),
            (1_767_225_599, (1_764_547_200, 1_767_225_600)),
            (4_107_456_000, (4_105_123_200, 4_107_542_400)),
        ] {
            assert_eq!(month_of(now_s), expected, "{now_s}");
        }
    }
}

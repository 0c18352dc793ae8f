//! Judgements that several checks share: from what was sent and what arrived, or from two measurements, to a verdict.

use std::rc::Rc;

use propylon_practices::{Evidence, Verdict};

use crate::lab::Lab;
use crate::outcome::Checked;

/// Which of two measurements of the same thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    First,
    Second,
}

/// What hangs on time is measured again before it fails. A machine with something else to do makes events late now and
/// then; a chain that holds them back makes them late each time.
pub(crate) async fn late_twice<F: Future<Output = Checked>>(
    lab: &Rc<Lab>,
    measure: impl Fn(Rc<Lab>, Turn) -> F,
) -> Checked {
    let first = measure(Rc::clone(lab), Turn::First).await?;
    if first.verdict != Verdict::Fail {
        return Ok(first);
    }
    // A chain on which the second measurement does not come to its end is not acquitted by that.
    let Ok(second) = measure(Rc::clone(lab), Turn::Second).await else {
        return Ok(first);
    };
    if second.verdict == Verdict::Fail {
        return Ok(second);
    }
    Ok(second.saw(
        "a measurement before this one",
        "the same",
        format!("{}; the machine was busy", first.summary),
    ))
}

/// Evidence that a header did not cross as it was sent; lines merged with a comma are the same value.
pub(crate) fn crossed(what: &str, sent: &[&str], arrived: &[String]) -> Option<Evidence> {
    let joined = |values: &mut dyn Iterator<Item = &str>| {
        let elements = values.flat_map(|value| value.split(',')).map(str::trim);
        elements.collect::<Vec<_>>().join(", ")
    };
    let expected = joined(&mut sent.iter().copied());
    let found = joined(&mut arrived.iter().map(String::as_str));
    (expected != found).then(|| Evidence::new(what, shown(&expected), shown_all(arrived)))
}

/// Evidence that a header did not cross as the very same single line.
pub(crate) fn crossed_exactly(what: &str, sent: &str, arrived: &[String]) -> Option<Evidence> {
    let same = matches!(arrived, [one] if one == sent);
    (!same).then(|| Evidence::new(what, shown(sent), shown_all(arrived)))
}

/// A value short enough for a report.
pub(crate) fn shown(value: &str) -> String {
    let count = value.chars().count();
    if count <= 80 {
        return value.to_owned();
    }
    let start: String = value.chars().take(60).collect();
    format!("{start}… ({count} characters)")
}

fn shown_all(values: &[String]) -> String {
    match values {
        [] => "nothing".into(),
        [one] => shown(one),
        many => many
            .iter()
            .map(|value| shown(value))
            .collect::<Vec<_>>()
            .join(" | "),
    }
}

#[cfg(test)]
mod tests {
    use super::{crossed, crossed_exactly, shown};

    #[test]
    fn merged_lines_are_the_same_value() {
        let arrived = ["a/b, c/d".to_owned()];
        assert!(crossed("x", &["a/b", "c/d"], &arrived).is_none());
        assert!(crossed("x", &["c/d", "a/b"], &arrived).is_some());
        assert!(crossed("x", &["a/b"], &[]).unwrap().found == "nothing");
    }

    #[test]
    fn an_exact_line_is_one_line() {
        assert!(crossed_exactly("x", "v", &["v".into()]).is_none());
        assert!(crossed_exactly("x", "v", &["v".into(), "v".into()]).is_some());
        assert!(crossed_exactly("x", "v", &["V".into()]).is_some());
    }

    #[test]
    fn long_values_are_shortened() {
        assert!(shown(&"a".repeat(500)).contains("500 characters"));
    }
}

//! What the demo says.

use std::time::Duration;

use super::upload::Sent;
use super::views::Compared;

/// Differences that are told one by one; more of them say no more.
const SHOWN: usize = 20;

pub(super) fn sent(sent: &Sent, took: Duration) -> String {
    let commands = sent.placed + sent.replayed;
    let mut parts = vec![format!(
        "sent      {} orders in {:.1} s: {} commands/s",
        number(commands),
        took.as_secs_f64(),
        rate(commands, took)
    )];
    if sent.replayed > 0 {
        let replayed = number(sent.replayed);
        parts.push(format!("{replayed} of them placed by an earlier run"));
    }
    if sent.broken > 0 {
        parts.push(format!("{} uploads broke and were sent again", sent.broken));
    }
    let refused = sent.refused.iter();
    list(
        &parts.join(", "),
        refused.map(|(id, answer)| format!("{id} was refused: {answer}")),
    )
}

pub(super) fn visible(sent: &Sent, took: Duration) -> String {
    let events = sent.events();
    if events == 0 {
        return "visible   at once: there was no new event".to_owned();
    }
    format!(
        "visible   {} events in {:.1} s: {} events/s from the first command to the last view",
        number(events),
        took.as_secs_f64(),
        rate(events, took)
    )
}

pub(super) fn compared(compared: &Compared, orders: usize) -> String {
    let head = format!(
        "compared  {} of {} totals right",
        number(compared.right),
        number(orders)
    );
    list(&head, compared.differences.iter().cloned())
}

/// A line, and below it the first few of these.
fn list(head: &str, items: impl ExactSizeIterator<Item = String>) -> String {
    let more = items.len().saturating_sub(SHOWN);
    let mut lines = vec![head.to_owned()];
    lines.extend(items.take(SHOWN).map(|item| format!("  {item}")));
    if more > 0 {
        lines.push(format!("  and {} more", number(more)));
    }
    lines.join("\n")
}

/// With commas between thousands.
pub(super) fn number(value: usize) -> String {
    indicatif::HumanCount(u64::try_from(value).unwrap_or(u64::MAX)).to_string()
}

fn rate(count: usize, took: Duration) -> String {
    let per_second =
        u32::try_from(count).map_or(f64::INFINITY, f64::from) / took.as_secs_f64().max(0.001);
    indicatif::HumanFloatCount(per_second.round()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_readable_and_differences_are_bounded() {
        let sent_now = Sent {
            placed: 15_000,
            ..Sent::default()
        };
        let text = sent(&sent_now, Duration::from_secs(4));
        assert!(
            text.contains("15,000 orders in 4.0 s: 3,750 commands/s"),
            "{text}"
        );
        let differences = (0..25).map(|n| format!("o-{n} is missing")).collect();
        let text = compared(
            &Compared {
                right: 14_975,
                differences,
            },
            15_000,
        );
        assert!(
            text.contains("14,975 of 15,000") && text.ends_with("and 5 more"),
            "{text}"
        );
    }
}

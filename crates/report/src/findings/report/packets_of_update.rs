//! How many packets one update takes, and whether that is as it was in 2021.

use wirelab_analyze::model::Column;

use super::words::{all_in_packets, bytes, extremes, packets};
use super::{Find, Known, Place, ReportFinding, Rule, Section};
use crate::numbers::{grouped, word};
use crate::tables::{Row, TableKind};

pub const RULE: Rule = Rule {
    id: "packets-of-update",
    title: "How many packets one update takes",
    place: Place::Heading(Section::PerUpdate),
    means: "The packets of the row of one update. Of the lab's own apps it stands beside what was published in 2021, and the row whose \
            packets moved most is told.",
    looks: "The rows of the table of one update.",
    mistaken: "The whole of what is paid: handshakes, reconnects and closes are in what it costs all in.",
    helps: "Where a packet more is, the findings of its capture say what it is.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let rows = known.rows(TableKind::PerUpdate);
    let finding = |text| RULE.seen(text).shown_by(known.updates(rows));
    said(rows).map(finding).into_iter().collect()
}

fn said(rows: &[Row]) -> Option<String> {
    // The row whose packets moved most against 2021 is the news.
    let moved = rows
        .iter()
        .filter_map(|row| Some((row, row.published.as_ref()?.total_packets)))
        .filter(|(row, _)| row.differs(Column::TotalPackets))
        // The first of equals, not the last.
        .rev()
        .max_by_key(|(row, then)| row.tally.total_packets.abs_diff(*then));
    if let Some((row, then)) = moved {
        return Some(format!(
            "{} costs {} packets in 2021, {} now{}",
            row.subject(),
            word(then),
            if row.sharing.is_some() { packets(row) } else { word(row.tally.total_packets) },
            all_in_packets(rows)
        ));
    }
    let same = rows.iter().filter(|row| row.published.is_some() && !row.differs_from_published()).count();
    if same > 0 && same == rows.len() {
        return Some(format!("One update costs to the byte what it cost in 2021{}", all_in_packets(rows)));
    }
    if let [one] = rows {
        let all_in = all_in_packets(rows);
        return Some(match one.sharing {
            Some((sharing, all)) => format!(
                "On average an update takes {} and {} bytes, as {} of {} share a packet or an ACK{all_in}",
                packets(one),
                bytes(one),
                grouped(sharing),
                grouped(all)
            ),
            None => format!("The median update takes {} and {} bytes{all_in}", packets(one), bytes(one)),
        });
    }
    let packets_of = match extremes(rows) {
        Some((least, most)) if least.tally.total_packets == most.tally.total_packets => {
            let difference = match (bytes(least), bytes(most)) {
                (least, most) if least != most => "; the bytes make the difference".to_owned(),
                (same, _) => format!(" and {same} bytes"),
            };
            format!("One update takes {} in each capture{difference}", packets(least))
        }
        Some(_) => {
            let amount = |row: &Row| row.cost.column(Column::TotalPackets);
            // In words, or in figures, not in both.
            let in_words = rows.iter().all(|row| row.sharing.is_none());
            let said = |row: Option<&Row>| match row {
                Some(row) if in_words => word(row.tally.total_packets),
                Some(row) => row.amount(Column::TotalPackets).grouped(),
                None => String::new(),
            };
            let min = rows.iter().min_by(|a, b| amount(a).total_cmp(&amount(b)));
            let max = rows.iter().max_by(|a, b| amount(a).total_cmp(&amount(b)));
            format!("One update takes from {} to {} packets", said(min), said(max))
        }
        None => return None,
    };
    Some(packets_of + &all_in_packets(rows))
}

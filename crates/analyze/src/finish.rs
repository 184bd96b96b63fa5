//! What does it all come to?
//!
//! When the last frame was taken: which of wirelab's apps spoke, which exchanges are updates, and the rows, groups and
//! sums of the [`Capture`].

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use foldhash::HashMap;
use wirelab_catalog::grammar::{Grammar, Media, Update};
use wirelab_catalog::{App, Family, Renewal};

use crate::both_ends::{BothEnds, Lost};
use crate::capture_state::CaptureState;
use crate::connection_record::ConnectionRecord;
use crate::exchange::{ExchangeId, Numbers, ProtocolKind, Told};
use crate::exchange_table::{ExchangeTable, GroupBits, Row};
use crate::findings::{self, Evidence, Observed};
use crate::frames::Frames;
use crate::groups::{GroupKey, GroupStats};
use crate::labels::{LabelId, Labels};
use crate::link_record::{LinkFault, LinkRecord};
use crate::model::{
    Capture, Connection, Costs, Exchange, Exchanges, Group, Kind, Loss, Mean, MedianRow, NEVER, Note, Packet, Range,
    SentAgain, Spreads, Tally, seconds, stands_for_others,
};
use crate::observations::MOST_NUMBERS;
use crate::tcp_connection::TcpConnection;

/// What was found in a capture, once all its connections have ended.
pub(crate) struct Found {
    /// The app that spoke, if one did.
    pub app: Option<App>,
    /// What an update shall be taken to be.
    pub update: Option<String>,
    pub frames: Frames,
    pub connections: Vec<TcpConnection>,
    pub capture_state: CaptureState,
    /// Connections that were taken for ended because too many were open.
    pub forgotten: u64,
}

/// Turns what was found into the value that everything is rendered from.
pub(crate) fn capture(found: Found, name: &str, file: Option<&str>, format: &str) -> Capture {
    let Found { app, update, mut frames, connections, capture_state, forgotten } = found;
    let (mut table, labels) = (capture_state.table, capture_state.labels);
    let reading = Reading::of(&table, &labels, app, update.as_deref());
    let rows = std::mem::take(&mut table.rows);
    let left_out = table.count() - rows.iter().flatten().count() as u64;
    let keeps_packets = !capture_state.packets.rows.is_empty();

    let mut places = HashMap::default();
    let (mut count, mut index) = (0, 0);
    let mut orders = Vec::new();
    let exchanges: Vec<Exchange> = rows
        .into_iter()
        .filter_map(|row| {
            let row = row?;
            let order = row.order;
            if keeps_packets {
                places.insert((row.connection, row.id), count);
            }
            count += 1;
            let mut exchange = exchange_of(row, frames.first_ns, &reading, &labels);
            if exchange.kind == Kind::Update {
                index += 1;
                exchange.index = index;
                orders.push(order);
            }
            Some(exchange)
        })
        .collect();

    let clean = |tally| reading.clean(tally);
    let all_updates = updates(&table, &reading);
    let (update_count, sharing) = (all_updates.count, all_updates.sharing);
    let update_range =
        (update_count > 0).then(|| Range { min: clean(all_updates.least), max: clean(all_updates.most) });
    let per_update_mean = Mean::of(clean(all_updates.tally()), update_count);
    let median = all_updates.median().filter(|_| stands_for_others(sharing, update_count));
    let can_push = match reading.app {
        Some(app) => app.family() == Family::Push,
        None => matches!(reading.update, Some((Kind::Event | Kind::Message, _))),
    };

    let mut facts = std::mem::take(&mut frames.facts);
    let mut carriers = Carriers::of(&table, &reading, &exchanges, left_out);
    let (mut totals, mut missing) = (Tally::default(), 0);
    // Once over all of them: there may be millions.
    let rows: Vec<_> = connections
        .into_iter()
        .map(|connection| {
            let TcpConnection { record, .. } = connection;
            if record.midway {
                *facts.midway_protocols.entry(record.protocol).or_default() += 1;
            }
            let (number, groups) = (record.closed.connection, record.closed.groups);
            let row = connection_of(record, &reading, frames.first_ns);
            let tally = row.tally();
            totals += tally;
            missing += row.missing_bytes();
            if let Some(carriers) = &mut carriers {
                carriers.see(number, groups, tally);
            }
            row
        })
        .collect();
    let packets = with_exchanges(capture_state.packets.rows, &capture_state.packets.owners, &places);

    let notes = [
        (frames.tunnelled, Note::Tunnelled { packets: frames.tunnelled }),
        (frames.no_ip_length, Note::NoIpLength { packets: frames.no_ip_length }),
        (forgotten, Note::TooManyOpen { connections: forgotten }),
        (frames.datagrams, Note::Fragmented { packets: frames.datagrams, frames: frames.fragments }),
        (frames.unfinished_fragments, Note::UnfinishedFragments { frames: frames.unfinished_fragments }),
        (missing, Note::Missing { bytes: missing }),
        (left_out, Note::RowsLeftOut { exchanges: left_out }),
        (capture_state.problems.left_out, Note::ProblemsLeftOut { problems: capture_state.problems.left_out }),
    ];
    let notes = notes.into_iter().filter(|(count, _)| *count > 0).map(|(_, note)| note).collect();

    let observed = table.take_observed();
    let both_ends = table.both_ends.take();
    let mut capture = Capture {
        name: name.to_owned(),
        file: file.map(str::to_owned),
        app: reading.app,
        format: format.to_owned(),
        link: match frames.links.as_slice() {
            [] => "none".to_owned(),
            [link] => link.to_string(),
            _ => "mixed".to_owned(),
        },
        frames: frames.count,
        skipped_frames: frames.skipped,
        other_transports: frames.other_transports.rows(),
        truncated_frames: frames.truncated,
        first_frame_unix_s: seconds(frames.first_ns),
        duration_s: seconds(frames.duration_ns()),
        totals,
        per_update: median.map(|median| clean(median.tally)),
        per_update_of: per_update_mean.and(match (&reading.app, &reading.update) {
            (Some(_), _) => Some("update".to_owned()),
            (None, Some((_, label))) => Some(label.clone()),
            (None, None) => None,
        }),
        per_update_mean,
        per_update_all_in: carriers.as_ref().and_then(|all| Mean::of(all.tally, update_count)),
        updates_sharing_packets: sharing,
        update_connections: carriers.map(|all| all.count),
        per_update_time: median.and_then(|median| median.time),
        median_update: median.and_then(|median| orders.binary_search(&median.order).ok().map(|at| at as u64 + 1)),
        update_count,
        update_range,
        // What a client says by itself pushes nothing.
        push_only: median.filter(|median| can_push && median.push.app_packets > 0).map(|median| clean(median.push)),
        exchanges: Exchanges(exchanges),
        rows_left_out: left_out,
        groups: groups(table.take_groups(), &labels, &reading),
        connections: rows,
        findings: Vec::new(),
        losses: Vec::new(),
        losses_left_out: 0,
        problems: capture_state.problems.list,
        notes,
        packets,
    };
    let observed = observed
        .into_iter()
        .map(|(key, what, group)| {
            Observed::new(&capture, what, (reading.kind(&key), reading.label(&key, &labels).as_ref().to_owned()), group)
        })
        .collect();
    let link = both_ends.map(|both_ends| {
        let BothEnds { link, lost, .. } = *both_ends;
        let (losses, left_out) = losses(&link, lost, &capture.exchanges, frames.first_ns);
        (capture.losses, capture.losses_left_out) = (losses, left_out);
        link
    });
    let CaptureState { twice, back_offs, .. } = capture_state;
    let evidence = Evidence { capture: &capture, observed, frames: facts, twice: twice.found, back_offs, link };
    capture.findings = findings::find(&evidence);
    capture
}

/// The frames that the link dropped, with what became of each; and how many more there were.
fn losses(link: &LinkRecord, mut lost: Vec<Lost>, exchanges: &Exchanges, first_ns: u64) -> (Vec<Loss>, u64) {
    lost.sort_by_key(|lost| lost.listed);
    let dropped = || link.frames.iter().enumerate().filter(|(_, frame)| frame.what == LinkFault::Dropped);
    let since = |ns: u64, from_ns: u64| (ns as f64 - from_ns as f64) / 1e9;
    let losses = dropped().take(MOST_NUMBERS).map(|(at, frame)| {
        let found = lost.binary_search_by_key(&at, |lost| lost.listed).ok().and_then(|found| lost.get(found));
        let again = found.into_iter().flat_map(|lost| &lost.again).map(|again| SentAgain {
            frame: again.number,
            bytes: again.bytes,
            after_s: since(again.sent_ns, frame.sent_ns),
            arrived: again.arrived,
            asked: again.asked,
        });
        Loss {
            frame: frame.frame,
            to_client: frame.to_client,
            sent_s: since(frame.sent_ns, first_ns),
            bytes: frame.bytes,
            option: frame.option.to_string(),
            exchange: found.and_then(|lost| exchanges.place_of(lost.order)),
            again: again.collect(),
            waited_s: found.map_or(0.0, |lost| seconds(lost.waited_ns)),
        }
    });
    let losses: Vec<Loss> = losses.collect();
    let left_out = dropped().count().saturating_sub(losses.len()) as u64;
    (losses, left_out)
}

/// What the capture was read as.
struct Reading {
    app: Option<App>,
    /// In a capture that is none of wirelab's: the most repeated exchange.
    update: Option<(Kind, String)>,
    kinds: HashMap<GroupKey, Kind>,
    /// What exchanges are called that were in vain, by what they are called else.
    in_vain: HashMap<LabelId, Arc<str>>,
}

impl Reading {
    /// `chosen`: what an update shall be taken to be. Then it does not matter which app spoke.
    fn of(table: &ExchangeTable, labels: &Labels, app: Option<App>, chosen: Option<&str>) -> Reading {
        let app = app.filter(|_| chosen.is_none());
        let mut kinds: HashMap<GroupKey, Kind> =
            table.groups().iter().map(|(key, _)| (*key, kind(key, labels.text(key.label), app))).collect();
        let mut update = None;
        if app.is_none() {
            update = match chosen {
                Some(label) => called(label, table, labels, &kinds),
                None => most_repeated(table, labels, &kinds),
            };
            if let Some((of, label)) = &update {
                for (key, kind) in &mut kinds {
                    if *kind == *of && labels.text(key.label) == label {
                        *kind = Kind::Update;
                    }
                }
            }
        }
        let in_vain = table.groups().iter().filter(|(key, _)| is_in_vain(key, app));
        let in_vain = in_vain.map(|(key, _)| (key.label, format!("{}, nothing new", labels.text(key.label)).into()));
        Reading { app, update, kinds, in_vain: in_vain.collect() }
    }

    /// What an exchange is called.
    fn label(&self, key: &GroupKey, labels: &Labels) -> Arc<str> {
        let in_vain = self.in_vain.get(&key.label).filter(|_| is_in_vain(key, self.app));
        in_vain.cloned().unwrap_or_else(|| labels.shared_text(key.label))
    }

    fn kind(&self, key: &GroupKey) -> Kind {
        self.kinds.get(key).copied().unwrap_or(Kind::Turn)
    }

    /// Only wirelab's own updates have useful bytes: in other captures nobody can tell which bytes are.
    fn clean(&self, tally: Tally) -> Tally {
        if self.app.is_some() { tally } else { Tally { useful_bytes: 0, ..tally } }
    }
}

/// What an exchange is for, given the app that spoke.
fn kind(key: &GroupKey, label: &str, app: Option<App>) -> Kind {
    let is_update = key.told != Told::Nothing
        && !is_in_vain(key, app)
        && app.is_some_and(|app| is_update(key.protocol_kind, label, app));
    match key.protocol_kind {
        ProtocolKind::Setup => Kind::Setup,
        ProtocolKind::Greeting => Kind::Greeting,
        ProtocolKind::Close => Kind::Close,
        ProtocolKind::Control => Kind::Control,
        ProtocolKind::EventStream { .. } | ProtocolKind::Upgrade => Kind::Subscribe,
        ProtocolKind::Request { first_page: true, .. } if app.is_some() => Kind::Page,
        _ if is_update => Kind::Update,
        ProtocolKind::Event => Kind::Event,
        ProtocolKind::Message => Kind::Message,
        ProtocolKind::Turn => Kind::Turn,
        ProtocolKind::Request { html: true, .. } if app.is_some() && key.told != Told::Nothing => Kind::Page,
        ProtocolKind::Request { .. } => Kind::Request,
    }
}

/// Whether an exchange told a client only what it knew, that asks again and again for something new. One that asks now and
/// then for the time of day may hear the same again, and was told.
fn is_in_vain(key: &GroupKey, app: Option<App>) -> bool {
    key.told == Told::TimeAgain && app.is_some_and(|app| app.renewal() == Renewal::Polled)
}

/// Whether an exchange that brought a time is how this app renews it.
fn is_update(protocol_kind: ProtocolKind, label: &str, app: App) -> bool {
    let update = match app.descriptor().grammar {
        Grammar::Lines { .. } => return protocol_kind == ProtocolKind::Turn,
        Grammar::Http { update, .. } => update,
    };
    let gets = |path: &str| label.strip_prefix("GET ") == Some(path);
    match (update, protocol_kind) {
        (Update::Page, ProtocolKind::Request { html, .. }) => html && gets(update.path()),
        (Update::Answer { path, media, .. }, ProtocolKind::Request { html, .. }) => {
            html == (media == Media::Html) && gets(path)
        }
        (Update::Events { .. } | Update::Lines { .. }, ProtocolKind::Event)
        | (Update::Messages { .. }, ProtocolKind::Message) => true,
        _ => false,
    }
}

/// The kind and label of the exchanges that are called so. Where exchanges of several kinds are, those that can be
/// repeated come first; all others are meant where the kind stands behind the label, as in "GET /ws (subscribe)".
fn called(
    name: &str,
    table: &ExchangeTable,
    labels: &Labels,
    kinds: &HashMap<GroupKey, Kind>,
) -> Option<(Kind, String)> {
    let found = table.groups().iter().filter_map(|(key, _)| {
        let (kind, label) = (kinds.get(key).copied()?, labels.text(key.label));
        let in_full = name.strip_prefix(label).is_some_and(|rest| is_kind_in_brackets(rest, kind));
        (in_full || name == label).then(|| (!in_full, !is_repeatable(kind), kind, label.to_owned()))
    });
    found.min().map(|(_, _, kind, label)| (kind, label))
}

fn is_kind_in_brackets(text: &str, kind: Kind) -> bool {
    text.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')')) == Some(kind.name())
}

/// Whether exchanges of this kind may be what a capture is about.
fn is_repeatable(kind: Kind) -> bool {
    matches!(kind, Kind::Request | Kind::Event | Kind::Message | Kind::Turn)
}

/// The most repeated exchange that can be read, if any is repeated: its kind and label. Of equals it is one that brings the
/// client something, then the first.
fn most_repeated(table: &ExchangeTable, labels: &Labels, kinds: &HashMap<GroupKey, Kind>) -> Option<(Kind, String)> {
    let mut counts: HashMap<(Kind, &str), (u64, bool, u64)> = HashMap::default();
    for (key, stats) in table.groups() {
        let Some(kind) = kinds.get(key).copied().filter(|&kind| is_repeatable(kind)) else { continue };
        if kind == Kind::Turn && key.label.is_unread() {
            continue;
        }
        let (count, brings, first) = counts.entry((kind, labels.text(key.label))).or_insert((0, false, u64::MAX));
        *count += stats.count;
        *brings |= !key.label.is_of_client();
        *first = (*first).min(stats.first_order);
    }
    counts
        .into_iter()
        .filter(|(_, (count, ..))| *count >= 2)
        .max_by_key(|(_, (count, brings, first))| (*count, *brings, std::cmp::Reverse(*first)))
        .map(|((kind, label), _)| (kind, label.to_owned()))
}

fn exchange_of(row: Row, first_ns: u64, reading: &Reading, labels: &Labels) -> Exchange {
    let answered = row.asked_ns != 0 && row.answer_first_ns >= row.asked_ns;
    let after = |ns: u64| if answered { ns.saturating_sub(row.asked_ns) } else { NEVER };
    let useful = |costs: Costs| if reading.app.is_some() { costs } else { Costs { useful: 0, ..costs } };
    let Numbers { own: mut packets, mut shared } = row.numbers;
    packets.sort_unstable();
    // An ACK is looked at before it is known whose it is.
    shared.retain(|number| packets.binary_search(number).is_err());
    Exchange {
        kind: reading.kind(&row.key),
        index: 0,
        order: row.order as u32,
        label: reading.label(&row.key, labels),
        connection: row.connection,
        start_ns: row.first_ns.saturating_sub(first_ns),
        duration_ns: row.last_ns.saturating_sub(row.first_ns),
        first_byte_ns: after(row.answer_first_ns),
        last_byte_ns: after(row.answer_last_ns),
        packets,
        shared_packets: (!shared.is_empty()).then(|| Box::new(shared)),
        costs: useful(row.costs),
        push: useful(row.push),
        time: row.time,
    }
}

/// The connections that carried updates.
struct Carriers {
    which: Which,
    count: u64,
    tally: Tally,
}

/// How they are known.
enum Which {
    /// By the groups of their exchanges.
    Groups(GroupBits),
    /// One by one, where too many groups were there to tell them all apart.
    Listed(Vec<bool>),
}

impl Carriers {
    /// `None` where nobody can tell any more which they are.
    fn of(table: &ExchangeTable, reading: &Reading, exchanges: &[Exchange], left_out: u64) -> Option<Carriers> {
        let which = match table.bits_of(|key| reading.kind(key) == Kind::Update) {
            Some(bits) => Which::Groups(bits),
            None if left_out > 0 => return None,
            None => {
                let carry =
                    || exchanges.iter().filter(|one| one.kind == Kind::Update).map(|one| one.connection as usize);
                let mut listed = vec![false; carry().max().map_or(0, |last| last + 1)];
                for carries in carry() {
                    if let Some(carries) = listed.get_mut(carries) {
                        *carries = true;
                    }
                }
                Which::Listed(listed)
            }
        };
        Some(Carriers { which, count: 0, tally: Tally::default() })
    }

    /// Looks at the next connection.
    fn see(&mut self, number: u32, groups: GroupBits, tally: Tally) {
        let carries = match &self.which {
            Which::Groups(bits) => groups.meets(*bits),
            Which::Listed(listed) => listed.get(number as usize).copied().unwrap_or(false),
        };
        if carries {
            self.count += 1;
            self.tally += tally;
        }
    }
}

/// The groups whose exchanges are updates, as one.
fn updates<'a>(table: &'a ExchangeTable, reading: &Reading) -> Cow<'a, GroupStats> {
    let mut all: Option<Cow<'_, GroupStats>> = None;
    for (_, stats) in table.groups().iter().filter(|(key, _)| reading.kind(key) == Kind::Update) {
        match &mut all {
            Some(all) => all.to_mut().merge(stats),
            None => all = Some(Cow::Borrowed(stats)),
        }
    }
    all.unwrap_or_default()
}

fn groups(all: Vec<(GroupKey, GroupStats)>, labels: &Labels, reading: &Reading) -> Vec<Group> {
    let mut merged: Vec<((Kind, Arc<str>), GroupStats)> = Vec::new();
    let mut places: HashMap<(Kind, Arc<str>), usize> = HashMap::default();
    for (key, stats) in all {
        let name = (reading.kind(&key), reading.label(&key, labels));
        match places.get(&name).and_then(|at| merged.get_mut(*at)) {
            Some((_, known)) => known.merge(&stats),
            None => {
                places.insert(name.clone(), merged.len());
                merged.push((name, stats));
            }
        }
    }
    merged.sort_by_key(|(_, stats)| stats.first_order);
    merged
        .into_iter()
        .map(|((kind, label), stats)| Group {
            kind,
            label: label.as_ref().to_owned(),
            count: stats.count,
            sharing_packets: stats.sharing,
            tally: reading.clean(stats.tally()),
            each: Spreads::new(|column| stats.spread(column)),
            first_byte_s: stats.first_byte.spread(),
            last_byte_s: stats.last_byte.spread(),
            median: stats.median().map(|median| MedianRow { tally: reading.clean(median.tally), time: median.time }),
        })
        .collect()
}

fn connection_of(connection: ConnectionRecord, reading: &Reading, first_ns: u64) -> Connection {
    let (client, server) = connection.ends();
    let tally = reading.clean(connection.tally());
    debug_assert!(tally.adds_up(), "{tally:?}: what follows from the other columns is not kept");
    Connection {
        client,
        server,
        protocol: connection.protocol,
        start_ns: connection.first_ns.saturating_sub(first_ns),
        duration_ns: connection.last_ns.saturating_sub(connection.first_ns),
        rtt_ns: connection.rtt_ns.unwrap_or(NEVER),
        costs: Costs::of(&tally, u64::MAX),
        http_requests: connection.counts.http_requests,
        http_responses: connection.counts.http_responses,
        rare: connection.counts.into_rare(),
    }
}

/// One row in the place of the other, and the list in the place of the list: both together would be the most memory
/// that an analysis takes. (Collecting does so by itself where the new row is no larger.)
const _: () = assert!(size_of::<Connection>() <= size_of::<TcpConnection>());
const _: () = assert!(size_of::<Exchange>() <= size_of::<Option<Row>>());

/// The kept packets, each with its exchange.
fn with_exchanges(
    rows: VecDeque<Packet>,
    owners: &VecDeque<Option<(ExchangeId, u64)>>,
    places: &HashMap<(u32, ExchangeId), usize>,
) -> Vec<Packet> {
    let mut rows = Vec::from(rows);
    for (row, owner) in rows.iter_mut().zip(owners) {
        row.exchange = owner.and_then(|(owner, _)| places.get(&(row.connection, owner)).copied());
    }
    rows
}

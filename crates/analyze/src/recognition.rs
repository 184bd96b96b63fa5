//! Which of wirelab's apps spoke, if any?
//!
//! Everything that is said is held against the grammars of the catalog as it passes: an app that it does not fit is none
//! of those that may have spoken. In the end there must be one left, and it must have told a time in its own way. What is
//! kept for it is a bit an app, and the message in hand. A capture of something else soon has no app left, and nothing is
//! looked at any more.
//!
//! What is missing from a capture is not held against anybody.

use foldhash::HashMap;
use wirelab_catalog::App;
use wirelab_catalog::grammar::{Grammar, Media, REFUSALS, TIME, Update};
use wirelab_dissect::http1::{Coding, Content};

use crate::form::{self, Fit};
use crate::request_labels::path_of;
use crate::time_of_day::{self, TimePlace};

/// What is known so far.
#[derive(Clone, Debug)]
pub(crate) struct Recognition {
    possible: Apps,
    /// Those that told a time.
    told: Apps,
    /// The time that an answer told last, by the number of the connection.
    last: HashMap<u32, [u8; 8]>,
}

/// Some of the apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Apps(u16);

impl Apps {
    const NONE: Apps = Apps(0);
    const ALL: Apps = Apps(u16::MAX);

    fn bit(app: App) -> u16 {
        1 << app as u32
    }

    fn has(self, app: App) -> bool {
        self.0 & Apps::bit(app) != 0
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn those(is: impl Fn(App) -> bool) -> Apps {
        App::ALL.into_iter().filter(|&app| is(app)).fold(Apps::NONE, |some, app| Apps(some.0 | Apps::bit(app)))
    }

    fn both(self, other: Apps) -> Apps {
        Apps(self.0 & other.0)
    }
}

/// Each app has a bit. (Every open connection has two of these, so that they are no wider than they need to be.)
const _: () = assert!(App::ALL.len() <= u16::BITS as usize);

/// What a request asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    page: bool,
    /// The apps whose update it is, or which open with it what brings them.
    update_of: Apps,
}

impl Wanted {
    /// Not known: the request is missing from the capture.
    pub const UNKNOWN: Wanted = Wanted { page: true, update_of: Apps::ALL };

    /// What is wanted with this method from this target.
    pub fn of(method: &str, target: &str) -> Wanted {
        if method != "GET" {
            return Wanted { page: false, update_of: Apps::NONE };
        }
        let path = path_of(target);
        let update_of = Apps::those(|app| update(app).is_some_and(|update| update.path() == path));
        Wanted { page: path == "/", update_of }
    }

    /// Whether it is the page in a frame.
    pub fn is_frame(self) -> bool {
        let is_frame = |app| matches!(update(app), Some(Update::Answer { media: Media::Html, .. }));
        !self.page && App::ALL.into_iter().any(|app| self.update_of.has(app) && is_frame(app))
    }

    /// Where the time stands in an answer of this kind, if anywhere.
    pub fn place_of_time(self, content: Content) -> Option<TimePlace> {
        match content {
            Content::Html | Content::Json => Some(TimePlace::Markup),
            Content::Other | Content::None => {
                let tells = |app| {
                    self.update_of.has(app) && matches!(update(app), Some(Update::Answer { media: Media::Text, .. }))
                };
                App::ALL.into_iter().any(tells).then_some(TimePlace::Line)
            }
            Content::EventStream | Content::JsonLines => None,
        }
    }
}

/// An answer whose content is being heard.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    wanted: Wanted,
    status: u16,
    content: Content,
    bytes: Vec<u8>,
}

impl Answer {
    /// The time of day in it, where a server's time stands.
    pub fn time(&self) -> Option<[u8; 8]> {
        let range = time_of_day::find(&self.bytes, TimePlace::Markup, true)?;
        self.bytes.get(range)?.first_chunk().copied()
    }
}

/// What a server has said over plain TCP and fits no form yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    greeted: bool,
    bytes: Vec<u8>,
}

impl Recognition {
    /// Nothing was said yet.
    pub fn new() -> Recognition {
        Recognition { possible: Apps::those(|_| true), told: Apps::NONE, last: HashMap::default() }
    }

    /// The one app that fits, if there is one.
    pub fn app(&self) -> Option<App> {
        let mut fitting = App::ALL.into_iter().filter(|&app| self.possible.has(app));
        fitting.next().filter(|&app| fitting.next().is_none() && self.told.has(app))
    }

    /// Whether any app is left, so that there is something to look for.
    #[inline]
    pub fn looks(&self) -> bool {
        !self.possible.is_empty()
    }

    /// Something was said that no app says.
    pub fn nobody(&mut self) {
        self.possible = Apps::NONE;
    }

    fn keep(&mut self, fits: impl Fn(App) -> bool) {
        let possible = self.possible;
        self.possible = possible.both(Apps::those(|app| possible.has(app) && fits(app)));
    }

    /// Something fits these forms of an app, or it was not that app.
    fn hear(&mut self, said: impl Fn(App) -> Option<&'static str>) {
        let forms = App::ALL.map(|app| (app, if self.possible.has(app) { said(app) } else { None }));
        self.possible = Apps::those(|app| forms.iter().any(|(of, form)| *of == app && form.is_some()));
        for (app, form) in forms {
            if form.is_some_and(|form| form.contains(TIME)) {
                self.told.0 |= Apps::bit(app);
            }
        }
    }

    /// An answer begins. Gives what is to be heard of it, where that matters.
    pub fn answer(&mut self, wanted: Wanted, status: u16, content: Content, coding: Coding) -> Option<Box<Answer>> {
        if !self.looks() {
            return None;
        }
        if coding != Coding::Identity {
            self.nobody();
            return None;
        }
        match (status, content) {
            (100..=199, _) => None,
            (200, Content::EventStream) => {
                self.keep(|app| wanted.update_of.has(app) && matches!(update(app), Some(Update::Events { .. })));
                None
            }
            (200, Content::JsonLines) => {
                self.keep(|app| wanted.update_of.has(app) && matches!(update(app), Some(Update::Lines { .. })));
                None
            }
            _ => Some(Box::new(Answer { wanted, status, content, bytes: Vec::new() })),
        }
    }

    /// Part of the content of an answer.
    pub fn content(&mut self, answer: &mut Answer, bytes: &[u8]) {
        if answer.bytes.len() + bytes.len() > LONGEST {
            return self.nobody();
        }
        answer.bytes.extend_from_slice(bytes);
    }

    /// An answer on a connection is complete. Gives whether it told the time that the one before had told.
    pub fn answered(&mut self, connection: u32, answer: &Answer) -> bool {
        let Answer { wanted, status, content, ref bytes } = *answer;
        if !self.looks() {
            return false;
        }
        self.hear(|app| {
            let Grammar::Http { page, update } = app.descriptor().grammar else { return None };
            let refused = REFUSALS.into_iter().filter(|(of, _)| *of == status).map(|(_, form)| form);
            let as_page = (status == 200 && wanted.page && content == Content::Html).then_some(page);
            let as_update = match update {
                Update::Answer { media, form, .. } if status == 200 && wanted.update_of.has(app) => {
                    let is_so = match media {
                        Media::Json => content == Content::Json,
                        Media::Text => content == Content::Other,
                        Media::Html => content == Content::Html,
                    };
                    is_so.then_some(form)
                }
                _ => None,
            };
            let nothing_new = match update {
                Update::Answer { nothing_new, .. } if wanted.update_of.has(app) => nothing_new,
                _ => None,
            };
            let as_nothing = (nothing_new == Some(status)).then_some("");
            refused.chain(as_page).chain(as_update).chain(as_nothing).find(|form| form::is_of(form, bytes))
        });
        if !self.looks() {
            self.last = HashMap::default();
            return false;
        }
        answer.time().is_some_and(|time| {
            // Of a million clients, some are forgotten.
            let is_known = self.last.len() < MOST_REMEMBERED || self.last.contains_key(&connection);
            is_known && self.last.insert(connection, time) == Some(time)
        })
    }

    /// The connection changes to WebSocket, with or without compression.
    pub fn upgraded(&mut self, wanted: Wanted, compresses: bool) {
        self.keep(|app| {
            !compresses && wanted.update_of.has(app) && matches!(update(app), Some(Update::Messages { .. }))
        });
    }

    /// An event of a stream.
    pub fn event(&mut self, event_type: &str, data: &[u8]) {
        if self.looks() {
            self.hear(|app| match update(app) {
                Some(Update::Events { form, .. }) if event_type == "message" && form::is_of(form, data) => Some(form),
                _ => None,
            });
        }
    }

    /// A line of a stream.
    pub fn line(&mut self, text: &[u8]) {
        if self.looks() {
            self.hear(|app| match update(app) {
                Some(Update::Lines { form, .. }) if form::is_of(form, text) => Some(form),
                _ => None,
            });
        }
    }

    /// A whole text message of a WebSocket's server.
    pub fn message(&mut self, text: &[u8]) {
        if self.looks() {
            self.hear(|app| match update(app) {
                Some(Update::Messages { forms, .. }) => forms.iter().copied().find(|form| form::is_of(form, text)),
                _ => None,
            });
        }
    }

    /// Something is said over plain TCP.
    pub fn plain(&mut self) {
        self.keep(|app| matches!(app.descriptor().grammar, Grammar::Lines { .. }));
    }

    /// What a server says over plain TCP. Where its beginning is missing, nobody knows how it began.
    pub fn lines(&mut self, lines: &mut Option<Box<Lines>>, data: &[u8], from_start: bool) {
        if !self.looks() {
            return;
        }
        let lines = lines.get_or_insert_default();
        lines.bytes.extend_from_slice(data);
        while self.looks() && !lines.bytes.is_empty() {
            let greets = from_start && !lines.greeted;
            let fit = |app: App| match app.descriptor().grammar {
                Grammar::Lines { greeting, .. } if greets => form::begins(greeting, &lines.bytes),
                Grammar::Lines { answers, .. } => {
                    let fits = answers.iter().map(|form| form::begins(form, &lines.bytes));
                    fits.fold(Fit::No, |best, fit| if best == Fit::No { fit } else { best })
                }
                Grammar::Http { .. } => Fit::No,
            };
            let possible = App::ALL.into_iter().filter(|&app| self.possible.has(app));
            let best = possible
                .map(fit)
                .fold(Fit::No, |best, fit| if matches!(fit, Fit::Whole(_)) || best == Fit::No { fit } else { best });
            self.keep(|app| fit(app) == best);
            match best {
                Fit::Whole(len) => {
                    if greets {
                        // Lines that begin with a time are no sign of an app: its greeting is.
                        self.told = Apps(self.told.0 | self.possible.0);
                    }
                    lines.greeted = true;
                    lines.bytes.drain(..len);
                }
                Fit::Begun if lines.bytes.len() <= LONGEST_LINE => return,
                Fit::Begun | Fit::No => self.nobody(),
            }
        }
    }
}

fn update(app: App) -> Option<&'static Update> {
    match &app.descriptor().grammar {
        Grammar::Http { update, .. } => Some(update),
        Grammar::Lines { .. } => None,
    }
}

/// Connections of which it is remembered what they were told.
const MOST_REMEMBERED: usize = 1 << 16;
/// The longest content of an answer that an app gives, with room to spare.
const LONGEST: usize = 4 << 10;
/// The longest line of a server: what it did not understand, in full.
const LONGEST_LINE: usize = 16 << 10;

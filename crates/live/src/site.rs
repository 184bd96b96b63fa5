//! Which pages does the lab show, and what do they ask for?
//!
//! | what | answer |
//! |---|---|
//! | `/`, `/bench/NAME` | a page: the same text for everybody, filled by its script |
//! | `/live/…` | scripts and styles, which are part of the binary |
//! | `/lab.json` | what is there: the benches, the wire, what layers and causes are called |
//! | `POST /visit` | lets the scripted client visit all apps |
//! | `/events` | what an update of each bench has cost so far |
//! | `/bench/NAME/events?from=ID` | rows and what they come to, as server-sent events; after a break the browser says where it was |
//! | `/bench/NAME/packet/N` | the bytes and fields of a packet |
//! | `/bench/NAME/capture.pcap`, `report.html` | the capture so far, and a report on it |
//! | `POST /bench/NAME/settings`, `clear` | change the settings, begin anew |
//! | `/bench/NAME/terminal` | a WebSocket: a TCP connection to the bench, for who has no netcat |
//!
//! These pages steer the lab, so only they may ask for all that is no page: a request must name this machine, and come from a page of
//! this very address. What comes from the network is text to the scripts and never becomes HTML, and the pages' policy
//! lets no other script run.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, Path, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use wirelab_analyze::model::{Analysis, Layer};
use wirelab_analyze::{Analyzer, Cause, Settings as Keep};
use wirelab_apps::{AllowedHost, AnswerStyle, Limits, Seat, ServerOptions, Timeouts, is_of_own_page};
use wirelab_capture::Reader;
use wirelab_catalog::App;
use wirelab_clock::Clock;
use wirelab_report::html::{self, fields, hex, ladder};
use wirelab_report::{CaptureBytes, Report, Templates};
use wirelab_wire::{Quality, WireKind};

use crate::bench::{Bench, Target};
use crate::events;
use crate::state::{self, State};

/// What the pages show.
pub struct Lab {
    /// The benches, in the order in which they are shown.
    pub benches: Vec<Arc<Bench>>,
    /// Which wire they have.
    pub wire: WireKind,
    /// Whom requests may name, besides this machine.
    pub allowed: Vec<AllowedHost>,
    /// What a person does with each.
    pub hints: Vec<String>,
    /// Lets a scripted client visit all apps, where there is one.
    pub visit: Option<Visit>,
}

/// Begins a visit to all apps; false where one is under way.
pub type Visit = Arc<dyn Fn() -> bool + Send + Sync>;

/// Serves the pages until `shutdown` resolves.
///
/// # Errors
/// The styles cannot be made: a fault of the program.
pub async fn serve(
    lab: Lab,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let templates = Templates::embedded().map_err(io::Error::other)?;
    let style = html::style(&templates).map_err(io::Error::other)?;
    let allowed = lab.allowed.clone();
    let mut watched = Vec::new();
    for bench in &lab.benches {
        let (said, state) = watch::channel(State::default());
        // The one that is kept here does not count as somebody who watches.
        tokio::spawn(state::say(Arc::clone(bench), said.clone()));
        drop(state);
        watched.push(Watched { bench: Arc::clone(bench), said });
    }
    let site = Arc::new(Site { overview: overview(&lab), watched, templates, visit: lab.visit.clone() });
    let mut routes = Router::new()
        .route("/", get(|| page(INDEX)))
        .route("/bench/{name}", get(bench_page))
        .route("/lab.json", get(lab_json))
        .route("/events", get(all_events))
        .route("/visit", post(visit))
        .route("/bench/{name}/events", get(bench_events))
        .route("/bench/{name}/packet/{number}", get(packet))
        .route("/bench/{name}/capture.pcap", get(capture))
        .route("/bench/{name}/report.html", get(report))
        .route("/bench/{name}/settings", post(settings))
        .route("/bench/{name}/clear", post(clear))
        .route("/bench/{name}/terminal", get(terminal))
        .route("/live/report.css", get(move || part("text/css; charset=utf-8", style.clone())));
    for (name, media_type, text) in PARTS {
        routes = routes.route(&format!("/live/{name}"), get(move || part(media_type, (*text).to_owned())));
    }
    let routes = routes
        .layer(Extension(site))
        .layer(from_fn(move |request: Request, next: Next| guard(allowed.clone(), request, next)));
    let options = ServerOptions {
        allowed_hosts: lab.allowed,
        limits: Limits { clients: MOST_PAGES, ..Limits::default() },
        timeouts: Timeouts { grace: Duration::from_millis(500), ..Timeouts::default() },
        ..ServerOptions::default()
    };
    wirelab_apps::serve_routes(listener, routes, Clock::utc(), options, shutdown).await
}

/// What all answers are made from.
struct Site {
    overview: Value,
    watched: Vec<Watched>,
    templates: Templates,
    visit: Option<Visit>,
}

#[derive(Clone)]
struct Watched {
    bench: Arc<Bench>,
    said: watch::Sender<State>,
}

impl Site {
    fn watched(&self, name: &str) -> Result<&Watched, Problem> {
        let named = |one: &&Watched| one.bench.target.name() == name;
        self.watched.iter().find(named).ok_or(Problem(StatusCode::NOT_FOUND, "There is no such bench.\n"))
    }
}

/// Why something is not answered.
struct Problem(StatusCode, &'static str);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, [(CONTENT_TYPE, TEXT)], self.1).into_response()
    }
}

/// Lets pages of this address ask, and nobody else's; and says what a page of it may do.
async fn guard(allowed: Vec<AllowedHost>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    // The host was looked at before.
    let site = parts.headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    let opens_a_page = parts.method == Method::GET
        && parts.headers.get("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
        && parts.headers.get("sec-fetch-dest").is_none_or(|dest| dest == "document");
    let is_own =
        is_of_own_page(&parts, &allowed) && (opens_a_page || matches!(site, None | Some("same-origin" | "none")));
    // A browser that says nothing of where it comes from may be any page's: it says at least its origin where it changes something.
    let changes = parts.method != Method::GET && parts.method != Method::HEAD;
    let is_named = !changes || parts.headers.contains_key("origin") || site == Some("same-origin");
    if !is_own || !is_named {
        return Problem(StatusCode::FORBIDDEN, FOREIGN).into_response();
    }
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
    let is_report = parts.uri.path().ends_with("/report.html");
    let mut answer = next.run(Request::from_parts(parts, body)).await;
    let headers = answer.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    if headers.get(CACHE_CONTROL).is_none() {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    // The report has a policy of its own in it, which names its script and its style.
    let policy = if is_report { "frame-ancestors 'none'".to_owned() } else { policy(&host) };
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

/// What a page may load: what is of this address, and in frames what is of this machine at other ports.
fn policy(host: &str) -> String {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        // A policy cannot name an IPv6 address.
        Some(_) => "localhost",
        None => host.split(':').next().unwrap_or("localhost"),
    };
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let name = if is_name { name } else { "localhost" };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws://{host}; img-src 'self' data:; \
         frame-src http://{name}:*; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
}

async fn page(text: &'static str) -> Response {
    ([(CONTENT_TYPE, HTML)], text).into_response()
}

async fn part(media_type: &'static str, text: String) -> Response {
    ([(CONTENT_TYPE, media_type)], text).into_response()
}

async fn bench_page(site: Extension<Arc<Site>>, Path(name): Path<String>) -> Result<Response, Problem> {
    site.watched(&name)?;
    Ok(page(BENCH).await)
}

async fn lab_json(site: Extension<Arc<Site>>) -> Response {
    ([(CONTENT_TYPE, JSON)], site.overview.to_string()).into_response()
}

/// What is there, as the scripts take it.
fn overview(lab: &Lab) -> Value {
    let benches = lab.benches.iter().zip(&lab.hints).map(|(bench, hint)| {
        let app = match &bench.target {
            Target::App(app) => Some(*app),
            Target::Server(_) => None,
        };
        json!({
            "name": bench.target.name(),
            "title": bench.target.title(),
            "port": bench.address.port(),
            "app": app.map(App::name),
            "help": app.map(|app| app.descriptor().help),
            "has_page": app.is_none_or(|app| app.descriptor().page.is_some()),
            "hint": hint,
        })
    });
    json!({
        "can_visit": lab.visit.is_some(),
        "wire": match lab.wire { WireKind::Kernel => "kernel", WireKind::Virtual => "virtual" },
        "benches": benches.collect::<Vec<_>>(),
        "layers": Layer::ALL.iter().map(|layer| json!({ "class": layer.class(), "name": layer.name() })).collect::<Vec<_>>(),
        "causes": Cause::ALL.iter().map(|cause| json!({ "class": cause.class(), "name": cause.name(), "meaning": cause.meaning() })).collect::<Vec<_>>(),
        "ladder": { "width": ladder::WIDTH, "client": ladder::CLIENT, "server": ladder::SERVER },
    })
}

async fn all_events(site: Extension<Arc<Site>>, Extension(seat): Extension<Seat>) -> Response {
    seat.endless();
    let watched = site.watched.iter().map(|one| (one.bench.target.name().to_owned(), one.said.subscribe())).collect();
    let events = events::updates(watched, seat.stopping());
    ([(CONTENT_TYPE, EVENTS)], Body::from_stream(events)).into_response()
}

async fn visit(site: Extension<Arc<Site>>) -> Result<Response, Problem> {
    let Some(visit) = &site.visit else { return Err(Problem(StatusCode::NOT_FOUND, "There are no apps to visit.\n")) };
    match visit() {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Problem(StatusCode::CONFLICT, "A visit is under way.\n")),
    }
}

async fn bench_events(
    site: Extension<Arc<Site>>,
    Path(name): Path<String>,
    Extension(seat): Extension<Seat>,
    request: Request,
) -> Result<Response, Problem> {
    let Watched { bench, said } = site.watched(&name)?;
    // After a break the browser says which was the last that it got.
    let last = |headers: &HeaderMap| headers.get("last-event-id")?.to_str().ok()?.parse::<u64>().ok();
    let asked = request.uri().query().and_then(|query| query.strip_prefix("from=")).and_then(|from| from.parse().ok());
    let from = last(request.headers()).map(|last| last.saturating_add(1)).or(asked).unwrap_or(0);
    seat.endless();
    let events = events::stream(Arc::clone(bench), said.subscribe(), from, seat.stopping());
    Ok(([(CONTENT_TYPE, EVENTS)], Body::from_stream(events)).into_response())
}

/// The bytes and fields of a packet.
async fn packet(site: Extension<Arc<Site>>, Path((name, number)): Path<(String, u64)>) -> Result<Response, Problem> {
    let bench = &site.watched(&name)?.bench;
    let gone = Problem(StatusCode::NOT_FOUND, "This packet is not kept any more; the capture may have it.\n");
    let Some(row) = bench.recording.row(number) else { return Err(gone) };
    let said = bench.recording.with_frame(number, |frame| {
        let tree = wirelab_report::fields::of_packet(frame, Some(&row.packet), row.spoken, &row.header);
        let (rows, more) = fields::rows(&tree, &row.packet);
        let hex: String = frame.data.iter().map(|byte| format!("{byte:02x}")).collect();
        json!({
            "number": number,
            "fields": rows,
            "more": more,
            "hex": hex,
            "layers": hex::layers(&row.packet).into_iter().map(|(layer, len)| (layer.class(), len)).collect::<Vec<_>>(),
            "missing": u64::from(frame.wire_len).saturating_sub(frame.data.len() as u64),
        })
    });
    let said = said.ok_or(gone)?;
    Ok(([(CONTENT_TYPE, JSON)], said.to_string()).into_response())
}

async fn capture(site: Extension<Arc<Site>>, Path(name): Path<String>) -> Result<Response, Problem> {
    let bench = &site.watched(&name)?.bench;
    let file = bench
        .recording
        .file()
        .map_err(|_| Problem(StatusCode::INTERNAL_SERVER_ERROR, "The capture cannot be written.\n"))?;
    let as_file = format!("attachment; filename=\"{}.pcap\"", bench.target.capture_name());
    let as_file = HeaderValue::from_str(&as_file).unwrap_or(HeaderValue::from_static("attachment"));
    Ok((
        [(CONTENT_TYPE, HeaderValue::from_static("application/vnd.tcpdump.pcap")), (CONTENT_DISPOSITION, as_file)],
        file,
    )
        .into_response())
}

/// A report on the capture so far: of the file as it would be saved.
async fn report(site: Extension<Arc<Site>>, Path(name): Path<String>) -> Result<Response, Problem> {
    let bench = Arc::clone(&site.watched(&name)?.bench);
    let site = Arc::clone(&site);
    let failed = || Problem(StatusCode::INTERNAL_SERVER_ERROR, "The report cannot be made.\n");
    let page = tokio::task::spawn_blocking(move || {
        let file = bench.recording.file().ok()?;
        let mut reader = Reader::new(file.as_slice()).ok()?;
        let mut analyzer = Analyzer::new(Keep { keep_packets: MOST_REPORTED, ..Keep::default() });
        let mut bytes = CaptureBytes::new(MOST_REPORTED, MOST_REPORTED_BYTES);
        while let Ok(Some(frame)) = reader.next_frame() {
            bytes.push(&frame);
            analyzer.frame(&frame);
        }
        let name = bench.target.capture_name();
        let capture = analyzer.finish(name, Some(&format!("{name}.pcap")), "pcap");
        let report = Report::new(Analysis::new(vec![capture]), None, vec![bytes]);
        html::render(&report, &site.templates, &[]).ok()
    });
    let page = page.await.ok().flatten().ok_or_else(failed)?;
    Ok(([(CONTENT_TYPE, HTML)], page).into_response())
}

/// What a page asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    rtt_ms: f64,
    loss: f64,
    style: AnswerStyle,
    interval_s: f64,
}

async fn settings(site: Extension<Arc<Site>>, Path(name): Path<String>, body: Body) -> Result<Response, Problem> {
    let bench = &site.watched(&name)?.bench;
    let wrong = Problem(
        StatusCode::BAD_REQUEST,
        "A round trip is from 0 to 1000 ms, a loss from 0 to 0.5, an interval from 0.01 to 86400 s (1 s at least where a value is asked for).\n",
    );
    let wanted = to_bytes(body, LONGEST_BODY).await.ok().and_then(|body| serde_json::from_slice::<Wanted>(&body).ok());
    let Some(Wanted { rtt_ms, loss, style, interval_s }) = wanted else { return Err(wrong) };
    let shortest = bench.target.shortest_interval().as_secs_f64();
    if !(0.0..=1000.0).contains(&rtt_ms) || !(0.0..=0.5).contains(&loss) || !(shortest..=86_400.0).contains(&interval_s)
    {
        return Err(wrong);
    }
    bench.settings.send_modify(|settings| {
        settings.quality = Quality { rtt: Duration::from_secs_f64(rtt_ms / 1000.0), loss };
        settings.style = style;
        settings.interval = Duration::from_secs_f64(interval_s);
    });
    bench.recording.draw_to(rtt_ms / 1000.0);
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn clear(site: Extension<Arc<Site>>, Path(name): Path<String>) -> Result<Response, Problem> {
    site.watched(&name)?.bench.recording.clear();
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A connection to the bench, as netcat would make it.
async fn terminal(
    site: Extension<Arc<Site>>,
    Path(name): Path<String>,
    Extension(seat): Extension<Seat>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Problem> {
    let address = site.watched(&name)?.bench.address;
    Ok(upgrade.max_message_size(LONGEST_BODY).on_upgrade(move |socket| async move {
        tokio::select! {
            () = talk(socket, address) => {}
            () = seat.stopping() => {}
        }
    }))
}

async fn talk(mut socket: WebSocket, address: std::net::SocketAddr) {
    let Ok(mut stream) = TcpStream::connect(address).await else { return };
    let _ = stream.set_nodelay(true);
    let mut piece = [0; 4096];
    loop {
        tokio::select! {
            read = stream.read(&mut piece) => match read {
                Ok(read @ 1..) => {
                    let text = String::from_utf8_lossy(piece.get(..read).unwrap_or_default()).into_owned();
                    if socket.send(Message::Text(text.into())).await.is_err() {
                        return;
                    }
                }
                _ => {
                    let _ = socket.send(Message::Close(None)).await;
                    return;
                }
            },
            said = socket.recv() => match said {
                Some(Ok(Message::Text(line))) => {
                    if stream.write_all(line.as_bytes()).await.is_err() {
                        return;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return,
            },
        }
    }
}

const PARTS: &[(&str, &str, &str)] = &[
    ("live.css", "text/css; charset=utf-8", include_str!("../../../templates/live/live.css")),
    ("index.js", SCRIPT, include_str!("../../../templates/live/index.js")),
    ("bench.js", SCRIPT, include_str!("../../../templates/live/bench.js")),
    ("elements.js", SCRIPT, include_str!("../../../templates/live/elements.js")),
    ("ladder.js", SCRIPT, include_str!("../../../templates/live/ladder.js")),
    ("list.js", SCRIPT, include_str!("../../../templates/live/list.js")),
    ("packet.js", SCRIPT, include_str!("../../../templates/live/packet.js")),
    ("sums.js", SCRIPT, include_str!("../../../templates/live/sums.js")),
    ("terminal.js", SCRIPT, include_str!("../../../templates/live/terminal.js")),
];
const INDEX: &str = include_str!("../../../templates/live/index.html");
const BENCH: &str = include_str!("../../../templates/live/bench.html");
const SCRIPT: &str = "text/javascript; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const FOREIGN: &str = "Only the lab's own pages may ask for this.\n";
/// Pages and what they ask for at a time.
const MOST_PAGES: usize = 512;
const LONGEST_BODY: usize = 4096;
const MOST_REPORTED: usize = 20_000;
const MOST_REPORTED_BYTES: usize = 32 << 20;

//! What can be asked on the command line?
//!
//! Flags as they were written, nothing judged beyond their form: [`crate::plan`] makes sense of them.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use wirelab_analyze::FindingId;
use wirelab_catalog::{App, Choice};

use wirelab_report::PacketProtocol;
use wirelab_report::forms::{FORMS, Form};

use crate::show::filter;
use crate::terminal::Color;
use crate::{log, quantity};

/// What does one update cost on the wire, and why?
///
/// The same tiny job, telling a client the server's time, done in five ways; every packet captured, counted and explained.
#[derive(Debug, Parser)]
#[command(name = "wirelab", version, max_term_width = 110, after_help = AFTER_HELP)]
pub struct Flags {
    /// When to use colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub color: Color,
    /// Which lines of the log to show on standard error: off, warn, info, debug, or wirelab_apps=debug for a part of the
    /// program; without it RUST_LOG says, or else warnings are shown
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<log::Filter>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run all apps at the same time, each on its own wire; write captures, tables and a report
    #[command(after_help = RUN_HELP)]
    RunAll(RunAll),
    /// Run one app: the same options, one capture
    #[command(after_help = RUN_HELP)]
    Run(RunOne),
    /// Serve one app, to open in a browser or with netcat
    #[command(after_help = SERVE_HELP)]
    Serve(Serve),
    /// An app, or any server of one's own, and its packets as they happen
    #[command(after_help = LIVE_HELP)]
    Live(Live),
    /// Count packets and bytes in any pcap or pcapng file
    Analyze(Analyze),
    /// Show the packets of a capture: a list, their bytes, their fields, a conversation
    #[command(after_help = SHOW_HELP)]
    Show(Show),
    /// Write a capture again, with a comment on each packet that Wireshark shows
    #[command(after_help = ANNOTATE_HELP)]
    Annotate(Annotate),
    /// Make the report again from saved captures, or compare two runs
    #[command(after_help = REPORT_HELP)]
    Report(Report),
    /// Worksheets and captures of their own for a class, and marking what comes back
    #[command(subcommand, after_help = CLASS_HELP)]
    Class(Class),
    /// Say what this machine can do, and how to mend what it cannot
    Doctor,
    /// Print a completion script for a shell
    Completions {
        /// For which shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Subcommand)]
pub enum Class {
    /// Make a folder for each student: captures of their own, a sheet of questions, a file for the answers
    Sheets(ClassSheets),
    /// Mark a class by its key, or say of one student's answers which are right
    Check {
        /// The folder of the class, or a student's
        #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
    /// List the exercises that come along, or check one of your own
    Exercises {
        /// An exercise's file
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub struct ClassSheets {
    /// The names of the students, one a line
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub students: PathBuf,
    /// The same number gives the same sheets again
    #[arg(long, value_name = "N")]
    pub seed: u64,
    /// An exercise that comes along, or the file of one of your own
    #[arg(long, value_name = "NAME|FILE", default_value = "update")]
    pub exercise: String,
    /// Where the folders go: a place that is not there yet
    #[arg(long, value_name = "FOLDER", default_value = "sheets", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
}

/// Make the captures and reports that the project keeps as samples.
///
/// Apart from the others: it is for who works on the project, and completions would show a hidden command.
#[derive(Debug, Parser)]
#[command(name = "wirelab samples")]
pub struct Samples {
    /// The folder that holds pcap/samples and reports/samples
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub root: PathBuf,
}

#[derive(Debug, Args)]
pub struct RunAll {
    /// Which apps, by name or by group, separated by commas
    #[arg(long, value_parser = choice(), value_delimiter = ',', value_name = "APP", default_value = "classic")]
    pub apps: Vec<Choice>,
    #[command(flatten)]
    pub run: RunOptions,
}

#[derive(Debug, Args)]
pub struct RunOne {
    /// Which app
    #[arg(value_parser = app())]
    pub app: App,
    #[command(flatten)]
    pub run: RunOptions,
}

#[derive(Debug, Args)]
pub struct RunOptions {
    /// Time between two updates, from 10ms to 24h
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = quantity::duration, allow_hyphen_values = true, help_heading = TIMELINE)]
    pub interval: Duration,
    /// How many updates, from 1 to 100000
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = quantity::count, allow_negative_numbers = true, help_heading = TIMELINE)]
    pub updates: u64,
    /// Time between two questions of a client that polls, up to --interval; a fifth of it where nothing is said
    #[arg(long, value_name = "TIME", value_parser = quantity::duration, allow_hyphen_values = true, help_heading = TIMELINE)]
    pub poll_every: Option<Duration>,
    /// Round trip time of the link, from 0 to 1s
    #[arg(long, value_name = "TIME", default_value = "25ms", value_parser = quantity::duration, allow_hyphen_values = true, help_heading = LINK)]
    pub rtt: Duration,
    /// Share of frames lost each way, from 0 to 50%
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = quantity::share, allow_hyphen_values = true, help_heading = LINK)]
    pub loss: f64,
    /// Share of frames delivered twice, from 0 to 50%
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = quantity::share, allow_hyphen_values = true, help_heading = LINK)]
    pub duplicate: f64,
    /// Share of frames that a later one overtakes, from 0 to 50%
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = quantity::share, allow_hyphen_values = true, help_heading = LINK)]
    pub reorder: f64,
    /// A time in which the link delivers nothing, as START+LENGTH: 12s+3s
    #[arg(long, value_name = "START+LENGTH", value_parser = quantity::outage, help_heading = LINK)]
    pub down: Option<(Duration, Duration)>,
    /// Which wire: the kernel's own TCP between network namespaces, or two hosts on a virtual clock; auto takes the
    /// kernel where it works
    #[arg(long, value_enum, value_name = "WIRE", default_value_t = Wire::Auto, help_heading = LINK)]
    pub wire: Wire,
    /// At which end frames are stamped and recorded
    #[arg(long, value_enum, value_name = "END", default_value_t = Vantage::Server, help_heading = LINK)]
    pub vantage: Vantage,
    /// How many clients at once, from 1 to 10000, each with an address of its own (virtual wire)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = quantity::count, allow_negative_numbers = true, help_heading = LINK)]
    pub clients: u64,
    /// How the server answers: head and body in one write, or in two as the servers of 2021 did
    #[arg(long, value_enum, value_name = "STYLE", default_value_t = ServerStyle::Coalesced, help_heading = PEERS)]
    pub server: ServerStyle,
    /// Whose request bytes the client sends
    #[arg(long, value_enum, value_name = "BROWSER", default_value_t = Profile::Firefox, help_heading = PEERS)]
    pub client: Profile,
    /// After how long a silence the server says that it is still there, from 1s to 24h: a ping over a WebSocket, a comment or an
    /// empty line in a stream, a keep-alive of TCP under lines; without it, never
    #[arg(long, value_name = "TIME", value_parser = quantity::duration, allow_hyphen_values = true, help_heading = PEERS)]
    pub heartbeat: Option<Duration>,
    /// Polling: answer 304 where the client has the value already
    #[arg(long, help_heading = PEERS)]
    pub conditional: bool,
    /// Long polling: how long a request is held before it is answered that there is nothing new, from 100ms to 24h
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = quantity::duration, allow_hyphen_values = true, help_heading = PEERS)]
    pub hold: Duration,
    /// Replay 2021: --server split --client firefox89, the original's Host text and page lengths, and no quick ACKs
    /// on the server
    #[arg(long, conflicts_with_all = ["server", "client"], help_heading = PEERS)]
    pub replay: bool,
    /// What losses, ports, masks and keys are drawn from; without it one is chosen, printed and stored
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Folder for captures, their texts and run.json
    #[arg(long, value_name = "FOLDER", default_value = "pcap", value_hint = ValueHint::DirPath, help_heading = OUTPUT)]
    pub pcap_dir: PathBuf,
    /// Folder for the report
    #[arg(long, value_name = "FOLDER", default_value = "reports", value_hint = ValueHint::DirPath, help_heading = OUTPUT)]
    pub report_dir: PathBuf,
    /// Write each capture with a comment on each packet, too: NAME.pcapng, for Wireshark
    #[arg(long, help_heading = OUTPUT)]
    pub annotate: bool,
    /// Open the report in a browser
    #[arg(long, help_heading = OUTPUT)]
    pub open: bool,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// Which app
    #[arg(value_parser = app())]
    pub app: App,
    /// Port to listen on; 0 takes any free one
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    pub port: u16,
    /// Time between two events that are pushed, or two changes of a value that is asked for, from 10ms to 24h
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = quantity::duration, allow_hyphen_values = true)]
    pub interval: Duration,
    /// Time between two questions of a page that polls, up to --interval; a fifth of it where nothing is said
    #[arg(long, value_name = "TIME", value_parser = quantity::duration, allow_hyphen_values = true)]
    pub poll_every: Option<Duration>,
    /// After how long a silence the server says that it is still there, from 1s to 24h: a ping over a WebSocket, a comment or an
    /// empty line in a stream; without it, never
    #[arg(long, value_name = "TIME", value_parser = quantity::duration, allow_hyphen_values = true)]
    pub heartbeat: Option<Duration>,
    /// Polling: answer 304 where the client has the value already
    #[arg(long)]
    pub conditional: bool,
    /// Long polling: how long a request is held before it is answered that there is nothing new, from 100ms to 24h
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = quantity::duration, allow_hyphen_values = true)]
    pub hold: Duration,
    /// Address to listen on; 0.0.0.0 lets other machines in
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub bind: std::net::IpAddr,
    /// Answer requests that name this host, and open WebSockets for its pages: lab.example, lab.example:8000, or * for
    /// any; may be given again
    #[arg(long = "allow-host", value_name = "HOST")]
    pub allowed_hosts: Vec<wirelab_apps::AllowedHost>,
    /// How the server answers: head and body in one write, or in two
    #[arg(long, value_enum, value_name = "STYLE", default_value_t = ServerStyle::Coalesced)]
    pub server: ServerStyle,
}

#[derive(Debug, Args)]
pub struct Live {
    /// Which apps; all where none is named
    #[arg(value_parser = app(), value_name = "APP")]
    pub apps: Vec<App>,
    /// Any server instead, as HOST:PORT: a browser or program opens the lab's address, and all that it says is carried
    /// over the lab's wire to that server and back
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "apps")]
    pub to: Option<String>,
    /// With --to: let requests name that server in their Host field, whatever the browser says; all else stays as it is
    #[arg(long, requires = "to")]
    pub rewrite_host: bool,
    /// Show the packets of one app, or of a server, in this terminal instead of on pages
    #[arg(long, conflicts_with = "open")]
    pub no_page: bool,
    /// Open the pages in a browser
    #[arg(long)]
    pub open: bool,
    /// Port of the pages, or with --no-page of the app; 0 takes any free one. Each app has a port behind it, or another
    /// free one
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    pub port: u16,
    /// Address to listen on; 0.0.0.0 lets other machines in
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub bind: std::net::IpAddr,
    /// Carry requests that name this host, and those of its pages: lab.example, lab.example:8000, or * for any; may be given
    /// again
    #[arg(long = "allow-host", value_name = "HOST")]
    pub allowed_hosts: Vec<wirelab_apps::AllowedHost>,
    /// Round trip time of the link, from 0 to 1s
    #[arg(long, value_name = "TIME", default_value = "25ms", value_parser = quantity::duration, allow_hyphen_values = true, help_heading = LINK)]
    pub rtt: Duration,
    /// Share of frames lost each way, from 0 to 50%
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = quantity::share, allow_hyphen_values = true, help_heading = LINK)]
    pub loss: f64,
    /// Which wire: the kernel's own TCP between network namespaces, or two smoltcp hosts, in real time; auto takes the
    /// kernel where it works
    #[arg(long, value_enum, value_name = "WIRE", default_value_t = Wire::Auto, help_heading = LINK)]
    pub wire: Wire,
    /// How the app answers: head and body in one write, or in two as the servers of 2021 did
    #[arg(long, value_enum, value_name = "STYLE", default_value_t = ServerStyle::Coalesced, help_heading = PEERS)]
    pub server: ServerStyle,
    /// Time between two events that are pushed, or two changes of a value that is asked for, from 10ms to 24h
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = quantity::duration, allow_hyphen_values = true, help_heading = PEERS)]
    pub interval: Duration,
    /// Keep and show cookies, tokens and fields such as Authorization as they are; without it asterisks stand for them
    #[arg(long, help_heading = OUTPUT)]
    pub show_secrets: bool,
    /// Folder in which the captures are kept at the end
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath, help_heading = OUTPUT)]
    pub pcap_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Analyze {
    /// Capture files: pcap or pcapng, plain or compressed; '-' is standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// How the tables are written
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = printed_form())]
    pub format: Form,
    /// The most rows of updates and of exchanges to list
    #[arg(long, value_name = "ROWS", default_value_t = 10_000)]
    pub limit: usize,
    /// Which exchange is the update, by its label in the table of exchanges: "GET /time"; without it, wirelab's own apps have
    /// theirs, and of other captures it is the most repeated exchange
    #[arg(long, value_name = "LABEL")]
    pub update: Option<String>,
    /// Print what was found and nothing else: each finding with its packets and what to do about it
    #[arg(long, conflicts_with = "format")]
    pub findings: bool,
    /// The same, with what each finding means, what it is mistaken for, and where the standard has it
    #[arg(long, conflicts_with = "format")]
    pub explain: bool,
    /// Exit with status 1 if one of these is found; separated by commas
    #[arg(long, value_name = "ID", value_parser = finding(), value_delimiter = ',')]
    pub fail_on: Vec<FindingId>,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new(FILTERS).multiple(true))]
pub struct Show {
    /// The capture: pcap or pcapng, plain or compressed; '-' is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Show bytes, in hexadecimal with the text beside
    #[arg(long)]
    pub hex: bool,
    /// Show what both sides of a connection said, counted from 0
    #[arg(long, value_name = "N", conflicts_with_all = ["json", "packet", FILTERS])]
    pub follow: Option<u32>,
    /// Show the fields of a packet as a tree, with the bytes that each covers; they count from 1
    #[arg(long, value_name = "N", conflicts_with = FILTERS, value_parser = clap::value_parser!(u64).range(1..))]
    pub packet: Option<u64>,
    /// Write a JSON object a packet, each on its line
    #[arg(long)]
    pub json: bool,
    /// Only packets of this connection, counted from 0 as in Wireshark's streams
    #[arg(long, value_name = "N", help_heading = FILTERS, group = FILTERS)]
    pub connection: Option<u32>,
    /// Only packets of this protocol: tcp is every TCP packet, http those that carry HTTP
    #[arg(long, value_name = "NAME", value_parser = filter::protocol, help_heading = FILTERS, group = FILTERS)]
    pub protocol: Option<PacketProtocol>,
    /// Only packets from or to this port
    #[arg(long, value_name = "PORT", help_heading = FILTERS, group = FILTERS)]
    pub port: Option<u16>,
    /// Only packets of an exchange: its number, its kind (update), one update ("update 2"), or its label ("GET /time")
    #[arg(long, value_name = "EXCHANGE", help_heading = FILTERS, group = FILTERS)]
    pub exchange: Option<String>,
    /// Only packets that an expression means: see below
    #[arg(long, value_name = "EXPRESSION", help_heading = FILTERS, group = FILTERS)]
    pub filter: Option<filter::Filter>,
    /// Stop after so many packets
    #[arg(long, value_name = "PACKETS", value_parser = clap::value_parser!(u64).range(1..), help_heading = FILTERS, group = FILTERS)]
    pub limit: Option<u64>,
}

#[derive(Debug, Args)]
pub struct Annotate {
    /// The capture: pcap or pcapng, plain or compressed; a file, as it is read twice
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// The file to write, in pcapng
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
}

#[derive(Debug, Args)]
pub struct Report {
    /// Captures to report on, or two folders of runs to compare; without any, the captures of --pcap-dir
    #[arg(value_name = "FILE|FOLDER", value_hint = ValueHint::AnyPath)]
    pub sources: Vec<PathBuf>,
    /// Folder with the captures and run.json
    #[arg(long, value_name = "FOLDER", default_value = "pcap", value_hint = ValueHint::DirPath)]
    pub pcap_dir: PathBuf,
    /// Folder for the report
    #[arg(long, value_name = "FOLDER", default_value = "reports", value_hint = ValueHint::DirPath)]
    pub report_dir: PathBuf,
    /// Which exchange is the update, by its label in the table of exchanges, as of wirelab analyze
    #[arg(long, value_name = "LABEL")]
    pub update: Option<String>,
    /// Folder whose templates replace those that are built in
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub templates: Option<PathBuf>,
    /// Open the report in a browser
    #[arg(long)]
    pub open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wire {
    Auto,
    Kernel,
    Virtual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Vantage {
    Server,
    Client,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ServerStyle {
    /// Head and body in one write
    Coalesced,
    /// The head first, the body after it, with Nagle's algorithm on
    Split,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// Firefox 89 on macOS, the browser of 2021
    Firefox89,
    /// Firefox of 2026
    Firefox,
    /// Chromium of 2026
    Chromium,
    /// The fewest bytes that the protocol allows
    Minimal,
}

/// The forms of a report that can be printed.
fn printed_form() -> impl TypedValueParser<Value = Form> {
    let possible = |form: &Form| Some(PossibleValue::new(form.name).help(form.printed?.purpose));
    // Only a name of the list gets here.
    PossibleValuesParser::new(FORMS.iter().filter_map(possible)).try_map(|name| Form::named(&name).ok_or("no form"))
}

/// Takes the id of a finding, and says what each is.
fn finding() -> impl TypedValueParser<Value = FindingId> {
    let named = |id: &FindingId| PossibleValue::new(id.name()).help(id.title());
    // Only a name of the list gets here.
    PossibleValuesParser::new(FindingId::ALL.iter().map(named)).try_map(|name| name.parse().map_err(|()| "no finding"))
}

/// Takes the name of an app, and has words for each in help, manual and completions.
fn app() -> impl TypedValueParser<Value = App> {
    let named = |app: App| PossibleValue::new(app.name()).help(app.descriptor().help);
    PossibleValuesParser::new(App::ALL.map(named)).try_map(|name| name.parse::<App>())
}

/// Takes the name of an app or of a group, and has words for each in help, manual and completions.
fn choice() -> impl TypedValueParser<Value = Choice> {
    let named = |choice: Choice| PossibleValue::new(choice.name()).help(choice.help());
    PossibleValuesParser::new(Choice::every().map(named)).try_map(|name| name.parse::<Choice>())
}

const TIMELINE: &str = "Timeline";
const LINK: &str = "Link";
const PEERS: &str = "Server and client";
const OUTPUT: &str = "Output";
const FILTERS: &str = "Which packets";

const AFTER_HELP: &str = "\
Examples:
  wirelab run-all                     40 seconds of traffic, five captures, one report
  wirelab run-all --replay            the experiment of 2021 again, packet for packet
  wirelab run-all --apps all          every way to get an update that there is here
  wirelab run ws --interval 1s        one app, a faster timeline
  wirelab serve sse                   open http://127.0.0.1:8000/ and watch it
  tcpdump -w - | wirelab analyze -    what other people's traffic costs

Exit status: 0 done, 1 a check or a run failed, 2 wrong usage, 3 this machine cannot do it, 130 interrupted.";

pub const SERVE_HELP: &str = "\
Who is answered:
  A request that comes from this machine must name it (localhost, 127.0.0.1, [::1]) or a host of --allow-host: else 421.
  A WebSocket opens for pages of this server, for those of --allow-host, and for programs that send no Origin: else 403.
  docs/serve.md says which attacks that keeps out.
Limits:
  10000 clients at once, or what the limit of open files (ulimit -n) allows; more get 503, or a line.
  A connection that says nothing over HTTP is closed after 15 s, an idle one after 10 minutes.
  A request's head may take 10 s and 16 KiB, a line 1024 bytes, a message 4096 bytes.
  A client that takes nothing is cut after 30 s.
  --log debug shows who comes and what is asked.";

const LIVE_HELP: &str = "\
Examples:
  wirelab live                                          a page for each app: the app, and the packets that you cause
  wirelab live ws --no-page                             one app, its packets in the terminal
  wirelab live --to 127.0.0.1:3000                      a server of your own; open the lab's address instead
  wirelab live --to db.example:6379 --no-page --rtt 200ms --loss 2%

The packets are those of the lab's wire, recorded there: what a browser says is carried over it byte for byte, and what
comes back. Half-closes, resets and a reader that waits are carried, too. TLS passes as it is, and is not read.
Requests are looked at, all else passes: from this machine they must name it (localhost, 127.0.0.1, [::1]) or a host of
--allow-host, and pages of other sites must not make a browser send them: else 421 or 403, and nothing is carried.
Of what one side sends on a connection 1 MiB is kept in full, and 64 KiB more each second; of the rest the headers, and
of a capture 64 MiB. All packets are counted. The virtual wire's window bounds a connection to 2.6 MB/s at 25 ms.";

const ANNOTATE_HELP: &str = "\
Examples:
  wirelab annotate capture.pcap -o commented.pcapng
  wireshark commented.pcapng
  tshark -r commented.pcapng -T fields -e frame.number -e frame.comment
  wirelab show commented.pcapng

A packet's comments say which exchange it belongs to (\"update 3, GET /time\"), and what Wireshark
calls it where it does not simply move its connection on (\"retransmission\"). Those of the file
say what was found, and where run.json stands beside the capture, how it was made.
Frames, their times and comments that were there are kept. Of several interfaces with the same
kind of link one becomes of all, and a frame that had no time gets the first second of 1970.";

const SHOW_HELP: &str = "\
Examples:
  wirelab show pcap/wsapp.pcap                          every packet on a line
  wirelab show pcap/wsapp.pcap --exchange 'update 2'    what one update is made of
  wirelab show pcap/wsapp.pcap --packet 18              what each byte of a packet says
  wirelab show pcap/wsapp.pcap --follow 1 --hex         both sides of a conversation
  wirelab show big.pcapng.zst --filter 'tls and not host 10.0.0.1' | head

A filter is made of tests, with and, or, not and parentheses between:
  http, tls, udp, arp ...       the protocol in the list, or one below it
  connection 3                  one connection; all numbers may be ranges: 3-7
  port 8000, host 10.0.0.1      at either end
  exchange 'GET /time'          as with --exchange
  packet 100-200                by number
Wireshark's filters work too, for the fields of frame, tcp, http and websocket that the report
prints: tcp.len > 0 && !(ip.addr == 10.0.0.1), frame.number in {8, 9, 12..20}, http.request.";

const CLASS_HELP: &str = "\
Examples:
  wirelab class sheets --students names.txt --seed 2026    a folder for each name in sheets/, and sheets/key.csv
  wirelab class check sheets/Ada                           which of Ada's answers are right
  wirelab class check sheets                               sheets/marks.csv and sheets/marks.html
  wirelab class exercises                                  what there is to ask

docs/class.md has lesson plans, all kinds of question, and how to write an exercise.";

const REPORT_HELP: &str = "\
Examples:
  wirelab report                          the last run again
  wirelab report mine.pcapng              the report of any capture
  wirelab report pcap-then pcap-now       two runs side by side, in FOLDER/comparison.html";

const RUN_HELP: &str = "\
Times are a number and a unit (10s, 25ms, 2m, 1h), shares are 5% or 0.05.
An interrupted run exits with 130, keeps what it has captured as FOLDER/NAME.partial.pcap, and leaves the last report alone.";

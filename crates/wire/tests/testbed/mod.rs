//! A virtual wire under test: runs it, keeps its frames, and takes each apart to check it.
#![allow(dead_code)]

use std::io;
use std::sync::{Arc, Mutex};

use smoltcp::wire::{IpAddress, Ipv4Packet, TcpPacket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirelab_clock::Clock;
use wirelab_wire::{
    Connector, Error, Listener, Outcome, Recorder, SERVER, Shutdown, Stop, Stream, WireOptions, virtual_wire,
};

/// A recorded frame, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub time_ns: u64,
    pub from_server: bool,
    pub client: (std::net::Ipv4Addr, u16),
    pub syn: bool,
    pub fin: bool,
    pub rst: bool,
    pub psh: bool,
    pub ack: bool,
    pub seq: u32,
    pub ack_number: u32,
    pub payload: Vec<u8>,
    pub bytes: Vec<u8>,
}

/// What came of a run, and what was recorded of it, in that order.
pub struct Run<T> {
    pub result: Result<Outcome<T>, Error>,
    pub frames: Vec<Frame>,
}

/// Runs both on a virtual wire. Every frame is checked: Ethernet header, lengths, checksums of IP and TCP, and that
/// time never goes back.
pub fn on_the_wire<T, S, SF, C, CF>(options: &WireOptions, server: S, client: C) -> Run<T>
where
    S: FnOnce(Listener, Clock, Shutdown) -> SF + Send + 'static,
    SF: Future<Output = io::Result<()>>,
    C: FnOnce(Vec<Connector>, Clock) -> CF + Send + 'static,
    CF: Future<Output = T>,
    T: Send + 'static,
{
    recorded(|recorder| virtual_wire::run(options, Stop::new(), recorder, server, client))
}

/// The same in real time.
pub fn in_real_time<T, S, SF, C, CF>(options: &WireOptions, server: S, client: C) -> Run<T>
where
    S: FnOnce(Listener, Clock, Shutdown) -> SF + Send + 'static,
    SF: Future<Output = io::Result<()>>,
    C: FnOnce(Vec<Connector>, Clock) -> CF + Send + 'static,
    CF: Future<Output = T>,
    T: Send + 'static,
{
    recorded(|recorder| virtual_wire::run_in_real_time(options, Stop::new(), recorder, server, client))
}

fn recorded<T>(run: impl FnOnce(Box<dyn Recorder>) -> Result<Outcome<T>, Error>) -> Run<T> {
    let frames = Arc::new(Mutex::new(Vec::new()));
    let sink = frames.clone();
    let recorder = move |time_ns: u64, bytes: &[u8]| {
        sink.lock().unwrap().push((time_ns, bytes.to_vec()));
        Ok(())
    };
    let result = run(Box::new(recorder));
    let frames: Vec<Frame> =
        std::mem::take(&mut *frames.lock().unwrap()).into_iter().map(|(time, bytes)| read(time, bytes)).collect();
    assert!(frames.is_sorted_by_key(|frame| frame.time_ns), "time went back");
    Run { result, frames }
}

fn read(time_ns: u64, bytes: Vec<u8>) -> Frame {
    assert_eq!(bytes[12..14], [0x08, 0x00], "not IPv4");
    assert!(bytes.len() <= 1514, "a frame of {} bytes", bytes.len());
    let ip = Ipv4Packet::new_checked(&bytes[14..]).unwrap();
    assert_eq!(usize::from(ip.total_len()), bytes.len() - 14);
    assert!(ip.verify_checksum(), "IP checksum");
    let (source, destination) = (ip.src_addr(), ip.dst_addr());
    assert_eq!(bytes[..6], [[2, 0].as_slice(), &destination.octets()].concat());
    assert_eq!(bytes[6..12], [[2, 0].as_slice(), &source.octets()].concat());
    let tcp = TcpPacket::new_checked(ip.payload()).unwrap();
    assert!(tcp.verify_checksum(&IpAddress::Ipv4(source), &IpAddress::Ipv4(destination)), "TCP checksum");
    let from_server = source == SERVER;
    Frame {
        time_ns,
        from_server,
        client: if from_server { (destination, tcp.dst_port()) } else { (source, tcp.src_port()) },
        syn: tcp.syn(),
        fin: tcp.fin(),
        rst: tcp.rst(),
        psh: tcp.psh(),
        ack: tcp.ack(),
        seq: tcp.seq_number().0 as u32,
        ack_number: tcp.ack_number().0 as u32,
        payload: tcp.payload().to_vec(),
        bytes: bytes.clone(),
    }
}

/// The flags as tcpdump would say them, in the order SFRPA.
pub fn flags(frame: &Frame) -> String {
    let all = [(frame.syn, 'S'), (frame.fin, 'F'), (frame.rst, 'R'), (frame.psh, 'P'), (frame.ack, 'A')];
    all.iter().filter(|flag| flag.0).map(|flag| flag.1).collect()
}

/// The shape of a run: who sent what, with how much payload.
pub fn shape(frames: &[Frame]) -> Vec<String> {
    let line = |f: &Frame| {
        let payload = if f.payload.is_empty() { String::new() } else { format!(" {}", f.payload.len()) };
        format!("{} {}{payload}", if f.from_server { "<" } else { ">" }, flags(f))
    };
    frames.iter().map(line).collect()
}

/// Sends back what it hears on every connection, and closes when the client does.
pub async fn echo_server(listener: Listener, _clock: Clock, shutdown: Shutdown) -> io::Result<()> {
    serve_each(listener, shutdown, echo).await
}

async fn echo(mut stream: Stream) -> io::Result<()> {
    let mut buffer = vec![0; 4096];
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return stream.shutdown().await;
        }
        stream.write_all(&buffer[..read]).await?;
    }
}

/// Runs `serve` for every connection.
pub async fn serve_each<F, SF>(mut listener: Listener, mut shutdown: Shutdown, serve: F) -> io::Result<()>
where
    F: Fn(Stream) -> SF,
    SF: Future<Output = io::Result<()>> + Send + 'static,
{
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => return Ok(()),
            accepted = listener.accept() => {
                tokio::spawn(serve(accepted?.0));
            }
        }
    }
}

/// Bytes that are not all alike.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

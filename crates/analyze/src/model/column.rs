//! What do the columns of a table count?

/// Makes the columns of their table: a column's name here, its name in JSON and CSV, its heading, its heading where room
/// is short, and what it counts.
macro_rules! columns {
    ($($column:ident $key:ident $heading:literal $short:literal $meaning:literal)*) => {
        /// A column of a table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Column {
            $(#[doc = $meaning] $column,)*
        }

        impl Column {
            /// All columns, in order.
            pub const ALL: [Column; [$(stringify!($column)),*].len()] = [$(Column::$column),*];

            /// The name in CSV and JSON.
            pub const fn name(self) -> &'static str {
                match self { $(Column::$column => stringify!($key),)* }
            }

            /// The heading for people.
            pub const fn title(self) -> &'static str {
                match self { $(Column::$column => $heading,)* }
            }

            /// The heading where there is little room.
            pub const fn short(self) -> &'static str {
                match self { $(Column::$column => $short,)* }
            }

            /// What it counts.
            pub const fn meaning(self) -> &'static str {
                match self { $(Column::$column => $meaning,)* }
            }
        }
    };
}

columns! {
    TotalPackets total_packets "Total packets" "packets"
        "Frames that carry TCP."
    AppPackets app_packets "App packets" "app packets"
        "Those of them with at least one byte of TCP payload; the others only acknowledge, open or close."
    FrameBytes frame_bytes "Frame bytes" "frame"
        "The length of these frames on the wire: lower + TCP + app."
    LowerBytes lower_bytes "Lower bytes" "lower"
        "Everything below TCP: link header, IP header and options, padding. 34 a packet on plain Ethernet with IPv4 (14 + 20)."
    TcpBytes tcp_bytes "TCP bytes" "TCP"
        "TCP headers with their options. 32 a packet with timestamps (20 + 12)."
    AppBytes app_bytes "App bytes" "app"
        "TCP payload: what the two programs wrote."
}

impl Column {
    /// The columns that add up to the frame bytes.
    pub const SUMMANDS: [Column; 3] = [Column::LowerBytes, Column::TcpBytes, Column::AppBytes];

    /// The columns that are known of each exchange of a group.
    pub const OF_EACH: [Column; 5] =
        [Column::TotalPackets, Column::FrameBytes, Column::LowerBytes, Column::TcpBytes, Column::AppBytes];
}

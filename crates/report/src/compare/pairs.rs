//! Which captures of two reports stand beside each other?

use wirelab_analyze::model::{Analysis, Capture};

/// A capture of the left side, one of the right side, or one of each that are of the same thing: indices.
pub(crate) type Pair = (Option<usize>, Option<usize>);

/// All captures of both sides: of the same thing are those of the same app, else those of the same name or with the same
/// updates; and where each side has one capture only, these two, whatever they are.
pub(super) fn pairs(left: &Analysis, right: &Analysis) -> Vec<Pair> {
    if let ([_], [_]) = (left.captures.as_slice(), right.captures.as_slice()) {
        return vec![(Some(0), Some(0))];
    }
    let mut free: Vec<usize> = (0..right.captures.len()).collect();
    let mut partners = vec![None; left.captures.len()];
    for is_same in [same_app, same_name, same_updates] {
        for (capture, partner) in left.captures.iter().zip(&mut partners).filter(|(_, partner)| partner.is_none()) {
            let found = free.iter().position(|&at| right.captures.get(at).is_some_and(|other| is_same(capture, other)));
            *partner = found.map(|at| free.remove(at));
        }
    }
    let lefts = partners.into_iter().enumerate().map(|(at, partner)| (Some(at), partner));
    lefts.chain(free.into_iter().map(|at| (None, Some(at)))).collect()
}

fn same_app(one: &Capture, other: &Capture) -> bool {
    one.app.is_some() && one.app == other.app
}

fn same_name(one: &Capture, other: &Capture) -> bool {
    one.app.is_none() && other.app.is_none() && one.name == other.name
}

fn same_updates(one: &Capture, other: &Capture) -> bool {
    one.app.is_none() && other.app.is_none() && one.per_update_of.is_some() && one.per_update_of == other.per_update_of
}

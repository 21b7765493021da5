//! Six rows of pixels as sixels: a line a colour, and colours that are apart share one.

use super::BAND;
use super::choice::{Choice, Lanes};

/// A gap that is cheaper crossed by a repeat count than by beginning the line anew.
const SHORT_GAP: u32 = 24;
/// Sixels that are alike from which on a repeat count is shorter.
const MANY: usize = 4;

/// Writes bands, one at a time. Everything in it is one band's; it is kept only to be used again.
pub(super) struct Writer<'a> {
    width: usize,
    choice: &'a Choice,
    /// Of each index, its register; those that are not drawn have one behind all others.
    registers: &'a [u8; 256],
    decided: Vec<Lanes>,
    /// Of each register, in which rows of each column it is, as sixels have it: the top row is the lowest bit.
    rows: Vec<u8>,
    /// The registers of each column and the column, once each, from left to right; there is room for one more.
    met: Vec<(u8, u32)>,
    /// Of each register, its last stretch and the column behind it.
    last: Vec<Option<(usize, u32)>>,
    /// From left to right by where they begin.
    stretches: Vec<Stretch>,
}

/// A stretch of one colour, without long gaps.
struct Stretch {
    register: u8,
    from: u32,
    /// The column behind it.
    to: u32,
}

impl<'a> Writer<'a> {
    /// Of bands of `width` columns, in `count` registers.
    pub(super) fn new(width: usize, choice: &'a Choice, registers: &'a [u8; 256], count: u8) -> Self {
        let all = usize::from(count) + 1;
        Self {
            width,
            choice,
            registers,
            decided: Vec::new(),
            rows: vec![0; all * width],
            met: vec![(0, 0); width * BAND + 1],
            last: vec![None; usize::from(count)],
            stretches: Vec::new(),
        }
    }

    /// Writes up to six rows of indices, packed into as few lines as their stretches fit side by side.
    pub(super) fn write(&mut self, indices: &[u8], text: &mut Vec<u8>) {
        self.fill(indices);
        let (width, rows) = (self.width, &self.rows);
        let mut register = None;
        let mut is_first = true;
        while !self.stretches.is_empty() {
            if !std::mem::take(&mut is_first) {
                text.push(b'$');
            }
            let mut at = 0;
            self.stretches.retain(|&Stretch { register: own, from, to }| {
                if from < at {
                    return true;
                }
                if register.replace(own) != Some(own) {
                    text.push(b'#');
                    number(text, usize::from(own));
                }
                repeat(text, 0, (from - at) as usize);
                sixels(text, &rows[usize::from(own) * width..][from as usize..to as usize]);
                at = to;
                false
            });
        }
    }

    fn fill(&mut self, indices: &[u8]) {
        self.choice.decide(indices, self.width, &mut self.decided);
        self.rows.fill(0);
        let mut count = 0;
        // Slices: of these the loop knows that nothing it writes can move them.
        let (rows, met) = (self.rows.as_mut_slice(), self.met.as_mut_slice());
        let (decided, registers, width) = (self.decided.as_slice(), self.registers, self.width);
        for column in 0..width {
            for row in 0..BAND {
                let register = registers[usize::from(decided[column + row][row] as u8)];
                let rows = &mut rows[usize::from(register) * width + column];
                // Overwritten by the next one, where it is not new: whether it is cannot be foreseen.
                met[count] = (register, column as u32);
                count += usize::from(*rows == 0);
                *rows |= 1 << row;
            }
        }
        self.find_stretches(count);
    }

    /// From so many colours in columns.
    fn find_stretches(&mut self, count: usize) {
        let (last, stretches) = (self.last.as_mut_slice(), &mut self.stretches);
        last.fill(None);
        for &(register, column) in &self.met[..count] {
            let Some(last) = last.get_mut(usize::from(register)) else { continue };
            let goes_on = last.filter(|(_, to)| column - to <= SHORT_GAP);
            if goes_on.is_none() {
                if let Some((ended, to)) = *last {
                    stretches[ended].to = to;
                }
                stretches.push(Stretch { register, from: column, to: column });
            }
            let stretch = goes_on.map_or(stretches.len() - 1, |(stretch, _)| stretch);
            *last = Some((stretch, column + 1));
        }
        for (stretch, to) in self.last.iter().flatten() {
            self.stretches[*stretch].to = *to;
        }
    }
}

/// Columns of one colour, each by its rows.
fn sixels(text: &mut Vec<u8>, mut columns: &[u8]) {
    // As one number, which turned by one of them is the same: that is asked tens of thousands of times.
    let are_alike = |some: &[u8]| {
        let some: Result<[u8; MANY], _> = some.try_into();
        some.map(u32::from_ne_bytes).is_ok_and(|some| some == some.rotate_left(8))
    };
    while !columns.is_empty() {
        let (single, rest) =
            columns.split_at(columns.windows(MANY).position(are_alike).unwrap_or(columns.len()));
        text.extend(single.iter().map(|rows| b'?' + rows));
        let alike = rest.iter().take_while(|rows| **rows == rest[0]).count();
        if let Some(rows) = rest.first() {
            repeat(text, *rows, alike);
        }
        columns = &rest[alike..];
    }
}

/// So many columns alike.
fn repeat(text: &mut Vec<u8>, rows: u8, count: usize) {
    let sixel = b'?' + rows;
    if count >= MANY {
        text.push(b'!');
        number(text, count);
        text.push(sixel);
    } else {
        text.resize(text.len() + count, sixel);
    }
}

/// A number in decimals. There are tens of thousands of them in a picture, and `write!` took half of its time.
fn number(text: &mut Vec<u8>, number: usize) {
    let mut digits = [0_u8; 20];
    let (mut rest, mut first) = (number, digits.len());
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[first..]);
}

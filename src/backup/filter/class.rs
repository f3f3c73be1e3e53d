//! Character classes, `[…]`, from git's spelling into globset's.
//!
//! Git knows escapes and POSIX names inside a class and never lets one match a slash; globset knows
//! neither. Classes are about bytes, as in git, except that a character beyond ASCII may stand in a
//! class that is not negated. What cannot be said in globset's words is refused, never approximated:
//! a pattern that matches a little too much would silently lose somebody's files.

use std::iter::Peekable;
use std::str::Chars;

/// Most characters beyond ASCII that one range may span.
const WIDE_RANGE_MAX: u32 = 512;

/// The members of a class.
#[derive(Debug, Default)]
struct Class {
    negated: bool,
    /// One bit for each ASCII character.
    ascii: u128,
    /// Characters beyond ASCII.
    wide: Vec<char>,
}

/// Reads a class, whose `[` has been consumed, and answers its spelling for globset; `None`, with
/// `chars` as it was, if nothing closes it: then the `[` stands for itself.
pub(super) fn translate(
    chars: &mut Peekable<Chars<'_>>,
    ignore_case: bool,
) -> Result<Option<String>, String> {
    let mut ahead = chars.clone();
    let Some(class) = Class::parse(&mut ahead)? else { return Ok(None) };
    *chars = ahead;
    class.spell(ignore_case).map(Some)
}

impl Class {
    fn parse(chars: &mut Peekable<Chars<'_>>) -> Result<Option<Self>, String> {
        let negated = chars.next_if(|c| matches!(c, '!' | '^')).is_some();
        let mut class = Self { negated, ..Self::default() };
        let mut first = true;
        loop {
            let Some(c) = chars.next() else { return Ok(None) };
            let low = match c {
                ']' if !first => return Ok(Some(class)),
                '[' if chars.peek() == Some(&':') => match posix_name(chars) {
                    Some(name) => {
                        class.add_named(&name)?;
                        first = false;
                        continue;
                    }
                    None => '[',
                },
                '\\' => match chars.next() {
                    Some(escaped) => escaped,
                    None => return Ok(None),
                },
                c => c,
            };
            first = false;
            match range_end(chars) {
                Some(high) => class.add_range(low, high)?,
                None => class.add(low),
            }
        }
    }

    fn add(&mut self, c: char) {
        match c.is_ascii() {
            true => self.ascii |= 1 << (c as u32),
            false => self.wide.push(c),
        }
    }

    fn add_range(&mut self, low: char, high: char) -> Result<(), String> {
        if low > high {
            return Err(format!("the range {low}-{high} runs backwards"));
        }
        if (high as u32) - (low as u32) > WIDE_RANGE_MAX {
            return Err(format!("the range {low}-{high} is too wide"));
        }
        (low..=high).for_each(|c| self.add(c));
        Ok(())
    }

    fn add_named(&mut self, name: &str) -> Result<(), String> {
        let belongs: fn(&u8) -> bool = match name {
            "alnum" => u8::is_ascii_alphanumeric,
            "alpha" => u8::is_ascii_alphabetic,
            "blank" => |c| matches!(c, b' ' | b'\t'),
            "cntrl" => u8::is_ascii_control,
            "digit" => u8::is_ascii_digit,
            "graph" => u8::is_ascii_graphic,
            "lower" => u8::is_ascii_lowercase,
            "print" => |c| c.is_ascii_graphic() || *c == b' ',
            "punct" => u8::is_ascii_punctuation,
            "space" => |c| c.is_ascii_whitespace() || *c == 0x0b,
            "upper" => u8::is_ascii_uppercase,
            "xdigit" => u8::is_ascii_hexdigit,
            _ => return Err(format!("there is no class [:{name}:]")),
        };
        (0..128).filter(belongs).for_each(|c| self.ascii |= 1 << c);
        Ok(())
    }

    fn has(&self, c: char) -> bool {
        self.ascii & (1 << (c as u32)) != 0
    }

    /// A class, or alternatives in braces where a class cannot say it.
    fn spell(mut self, ignore_case: bool) -> Result<String, String> {
        if self.negated {
            if !self.wide.is_empty() {
                return Err("a negated class can only name ASCII characters".to_owned());
            }
            self.ascii |= 1 << ('/' as u32);
            return Ok(format!("[!{}]", self.spell_ascii()));
        }
        self.ascii &= !(1 << ('/' as u32));
        let mut choices = Vec::new();
        match self.runs().is_empty() && !self.has(']') {
            // Nothing but marks: one of them would have to stand first, where it would negate.
            true => {
                choices.extend(['-', '!', '^'].into_iter().filter(|c| self.has(*c)).map(|c| format!("\\{c}")))
            }
            false => choices.push(format!("[{}]", self.spell_ascii())),
        }
        for c in &self.wide {
            each_case(*c, ignore_case, |c| choices.push(c.to_string()));
        }
        match choices.len() {
            0 => Err("it has a class that matches nothing".to_owned()),
            1 => Ok(choices.remove(0)),
            _ => Ok(format!("{{{}}}", choices.join(","))),
        }
    }

    /// The ASCII members, each where globset takes it literally: `]` first, `-` last, `!` and `^` not first.
    fn spell_ascii(&self) -> String {
        let mut spelled = String::new();
        if self.has(']') {
            spelled.push(']');
        }
        spelled.push_str(&self.runs());
        spelled.extend(['!', '^', '-'].into_iter().filter(|c| self.has(*c)));
        spelled
    }

    /// The ASCII members without the marks, neighbours as ranges.
    fn runs(&self) -> String {
        let mut runs = String::new();
        let is_in = |c: u8| self.has(char::from(c)) && !matches!(c, b']' | b'-' | b'!' | b'^');
        let mut c = 0u8;
        while c < 128 {
            if is_in(c) {
                let low = c;
                while c < 127 && is_in(c + 1) {
                    c += 1;
                }
                runs.push(char::from(low));
                if c > low {
                    runs.push('-');
                    runs.push(char::from(c));
                }
            }
            c += 1;
        }
        runs
    }
}

/// Calls `take` with `c`, and with its other case where that is one character and `ignore_case` is set.
pub(super) fn each_case(c: char, ignore_case: bool, mut take: impl FnMut(char)) {
    take(c);
    if !ignore_case {
        return;
    }
    let (mut lower, mut upper) = (c.to_lowercase(), c.to_uppercase());
    for (other, rest) in [(lower.next(), lower.next()), (upper.next(), upper.next())] {
        if let (Some(other), None) = (other, rest)
            && other != c
        {
            take(other);
        }
    }
}

/// The `name` of `[:name:]`, whose first bracket has been consumed; consumes it only if it is whole.
fn posix_name(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut ahead = chars.clone();
    ahead.next_if_eq(&':')?;
    let mut name = String::new();
    while let Some(c) = ahead.next_if(char::is_ascii_alphabetic) {
        name.push(c);
    }
    ahead.next_if_eq(&':')?;
    ahead.next_if_eq(&']')?;
    *chars = ahead;
    Some(name)
}

/// The end of a range, if `-` and a member follow.
fn range_end(chars: &mut Peekable<Chars<'_>>) -> Option<char> {
    let mut ahead = chars.clone();
    ahead.next_if_eq(&'-')?;
    let high = match ahead.next()? {
        ']' => return None,
        '\\' => ahead.next()?,
        c => c,
    };
    *chars = ahead;
    Some(high)
}

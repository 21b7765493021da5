//! Stored numbers to `f32`: every float Keras writes, in either byte order, and integers.

use half::{bf16, f16};

use super::hdf5_raw::{Class, StoredType};

#[derive(Clone, Copy)]
enum Element {
    F16,
    Bf16,
    F32,
    F64,
    Signed,
    Unsigned,
}

fn element(stored: &StoredType) -> Option<Element> {
    Some(match (stored.class, stored.size) {
        (Class::Float(5, 10), 2) => Element::F16,
        // Keras 3 writes bfloat16 as two opaque bytes, and marks them with an attribute in its newer files only.
        (Class::Float(8, 7) | Class::Opaque, 2) => Element::Bf16,
        (Class::Float(8, 23), 4) => Element::F32,
        (Class::Float(11, 52), 8) => Element::F64,
        (Class::Integer { signed: true }, 1 | 2 | 4 | 8) => Element::Signed,
        (Class::Integer { signed: false }, 1 | 2 | 4 | 8) => Element::Unsigned,
        _ => return None,
    })
}

/// The name of an element type, as `numpy` spells it.
pub(super) fn name(stored: &StoredType) -> String {
    match element(stored) {
        Some(Element::F16) => "float16".to_owned(),
        Some(Element::Bf16) => "bfloat16".to_owned(),
        Some(Element::F32) => "float32".to_owned(),
        Some(Element::F64) => "float64".to_owned(),
        Some(Element::Signed) => format!("int{}", 8 * stored.size),
        Some(Element::Unsigned) => format!("uint{}", 8 * stored.size),
        None => match stored.class {
            Class::String { .. } => "text".to_owned(),
            Class::Float(..) => format!("float{}", 8 * stored.size),
            _ => "other".to_owned(),
        },
    }
}

/// Whether `name` is one of the float types that weights come in.
pub(super) fn is_float(name: &str) -> bool {
    matches!(name, "float16" | "bfloat16" | "float32" | "float64")
}

/// Whether values of this type are numbers that [`decode`] knows.
pub(super) fn is_number(stored: &StoredType) -> bool {
    element(stored).is_some()
}

/// The numbers in `bytes`; `None` for a type that is none of the above.
pub(super) fn decode(bytes: &[u8], stored: &StoredType) -> Option<Vec<f32>> {
    let element = element(stored)?;
    let big = stored.big_endian;
    Some(match (element, stored.size) {
        (Element::F16, _) => words(bytes, big, |word| f16::from_bits(u16::from_le_bytes(word)).to_f32()),
        (Element::Bf16, _) => words(bytes, big, |word| bf16::from_bits(u16::from_le_bytes(word)).to_f32()),
        (Element::F32, _) => words(bytes, big, f32::from_le_bytes),
        (Element::F64, _) => words(bytes, big, |word| f64::from_le_bytes(word) as f32),
        (Element::Signed, 1) => words(bytes, big, |word| f32::from(i8::from_le_bytes(word))),
        (Element::Signed, 2) => words(bytes, big, |word| f32::from(i16::from_le_bytes(word))),
        (Element::Signed, 4) => words(bytes, big, |word| i32::from_le_bytes(word) as f32),
        (Element::Signed, _) => words(bytes, big, |word| i64::from_le_bytes(word) as f32),
        (Element::Unsigned, 1) => words(bytes, big, |word| f32::from(u8::from_le_bytes(word))),
        (Element::Unsigned, 2) => words(bytes, big, |word| f32::from(u16::from_le_bytes(word))),
        (Element::Unsigned, 4) => words(bytes, big, |word| u32::from_le_bytes(word) as f32),
        (Element::Unsigned, _) => words(bytes, big, |word| u64::from_le_bytes(word) as f32),
    })
}

fn words<const SIZE: usize>(bytes: &[u8], big_endian: bool, number: impl Fn([u8; SIZE]) -> f32) -> Vec<f32> {
    let (words, _) = bytes.as_chunks::<SIZE>();
    if big_endian {
        let turned = |word: &[u8; SIZE]| {
            let mut word = *word;
            word.reverse();
            number(word)
        };
        words.iter().map(turned).collect()
    } else {
        words.iter().map(|word| number(*word)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(class: Class, size: usize, big_endian: bool) -> StoredType {
        StoredType { class, size, big_endian }
    }

    #[test]
    fn one_and_a_half_in_every_type_and_order() {
        for big in [false, true] {
            let turn = |mut bytes: Vec<u8>| {
                if big {
                    bytes.reverse();
                }
                bytes
            };
            let half = turn(f16::from_f32(1.5).to_le_bytes().to_vec());
            assert_eq!(decode(&half, &stored(Class::Float(5, 10), 2, big)), Some(vec![1.5]));
            let brain = turn(bf16::from_f32(1.5).to_le_bytes().to_vec());
            assert_eq!(decode(&brain, &stored(Class::Opaque, 2, big)), Some(vec![1.5]));
            let single = turn(1.5_f32.to_le_bytes().to_vec());
            assert_eq!(decode(&single, &stored(Class::Float(8, 23), 4, big)), Some(vec![1.5]));
            let double = turn(1.5_f64.to_le_bytes().to_vec());
            assert_eq!(decode(&double, &stored(Class::Float(11, 52), 8, big)), Some(vec![1.5]));
            let whole = turn((-3_i32).to_le_bytes().to_vec());
            assert_eq!(decode(&whole, &stored(Class::Integer { signed: true }, 4, big)), Some(vec![-3.0]));
        }
        assert_eq!(decode(&[0; 3], &stored(Class::Opaque, 3, false)), None);
    }
}

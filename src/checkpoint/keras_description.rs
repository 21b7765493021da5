//! Keras's description of a whole network, read layer by layer.
//!
//! That of 3,000 layers is megabytes of text, and the first screen needs the first few of them: no layer is read before
//! it is asked for.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Deserializer, Value};

use super::keras_config::Node;

/// The description of a network, as far as it has been read.
pub(super) struct Description {
    text: Text,
    /// What the network is called; empty where it has no name.
    pub(super) name: String,
    /// Whether it is a model with layers.
    pub(super) has_layers: bool,
    /// Where in the text the next layer begins; `None` behind the last one.
    next: Option<usize>,
}

/// The description is not JSON from some place on.
#[derive(Debug)]
pub(super) struct Damaged;

impl Description {
    /// Reads a description up to its first layer; `None` where it is not one of a network.
    pub(super) fn of_json(json: String) -> Option<Self> {
        let mut text = Text { json, at: 0, is_clean: false };
        let mut head = Head::default();
        if head.network(&mut text).is_err() {
            text.clean_from(0);
            head = Head::default();
            head.network(&mut text).ok()?;
        }
        let next = head.layers.filter(|&at| !text.begins_at(at, ']'));
        let name = head.config_name.or(head.name).unwrap_or_default();
        (head.has_class || next.is_some()).then_some(Self { text, name, has_layers: next.is_some(), next })
    }

    /// The next layer; `None` behind the last one.
    ///
    /// # Errors
    ///
    /// Where the text is not JSON, and every time from then on.
    pub(super) fn next_layer(&mut self) -> Result<Option<Node>, Damaged> {
        let Some(at) = self.next else { return Ok(None) };
        self.text.at = at;
        let node = match self.text.value::<Node>() {
            Err(Damaged) if !self.text.is_clean => {
                self.text.clean_from(at);
                self.next = Some(0);
                self.text.value()?
            }
            node => node?,
        };
        self.next = if self.text.takes(',') {
            Some(self.text.at)
        } else if self.text.takes(']') {
            None
        } else {
            return Err(Damaged);
        };
        Ok(Some(node))
    }
}

/// What stands before the layers of a network.
#[derive(Default)]
struct Head {
    has_class: bool,
    name: Option<String>,
    config_name: Option<String>,
    /// Where the first layer begins, or the list of none ends.
    layers: Option<usize>,
}

impl Head {
    /// Reads a network: `{"class_name": …, "config": …}`.
    fn network(&mut self, text: &mut Text) -> Result<(), Damaged> {
        text.members(&mut |key, text| {
            match key {
                "class_name" => {
                    self.has_class = text.value::<Value>()?.as_str().is_some_and(|class| !class.is_empty());
                }
                "name" => self.name = text.value::<Value>()?.as_str().map(str::to_owned),
                "config" if text.begins('{') => self.config(text)?,
                // Keras 1's sequential models are a bare list of layers.
                "config" if text.begins('[') => self.list(text)?,
                _ => drop(text.value::<IgnoredAny>()?),
            }
            Ok(self.is_read())
        })
    }

    fn config(&mut self, text: &mut Text) -> Result<(), Damaged> {
        text.members(&mut |key, text| {
            match key {
                "name" => self.config_name = text.value::<Value>()?.as_str().map(str::to_owned),
                "layers" if text.begins('[') => self.list(text)?,
                _ => drop(text.value::<IgnoredAny>()?),
            }
            Ok(self.is_read())
        })
    }

    fn list(&mut self, text: &mut Text) -> Result<(), Damaged> {
        let at = text.at;
        text.takes('[');
        self.layers = Some(text.at);
        if !self.is_read() {
            text.at = at;
            text.value::<IgnoredAny>()?;
        }
        Ok(())
    }

    /// Whether nothing is missing: in what Keras writes, the name comes before the layers.
    fn is_read(&self) -> bool {
        self.layers.is_some() && self.config_name.is_some()
    }
}

/// JSON, and how far it has been read.
struct Text {
    json: String,
    at: usize,
    is_clean: bool,
}

impl Text {
    /// The next value, whatever stands behind it.
    fn value<T: DeserializeOwned>(&mut self) -> Result<T, Damaged> {
        let mut values = Deserializer::from_str(&self.json[self.at..]).into_iter();
        let value = values.next().and_then(Result::ok).ok_or(Damaged)?;
        self.at += values.byte_offset();
        Ok(value)
    }

    /// Reads the members of an object: `member` is called where each one's value begins and reads it, and returns whether
    /// it has read enough.
    fn members(
        &mut self,
        member: &mut dyn FnMut(&str, &mut Self) -> Result<bool, Damaged>,
    ) -> Result<(), Damaged> {
        if !self.takes('{') {
            return Err(Damaged);
        }
        if self.takes('}') {
            return Ok(());
        }
        loop {
            let key: String = self.value()?;
            if !self.takes(':') {
                return Err(Damaged);
            }
            if member(&key, self)? {
                return Ok(());
            }
            if self.takes('}') {
                return Ok(());
            }
            if !self.takes(',') {
                return Err(Damaged);
            }
        }
    }

    fn begins(&self, mark: char) -> bool {
        self.begins_at(self.at, mark)
    }

    fn begins_at(&self, at: usize, mark: char) -> bool {
        self.json[at..].trim_ascii_start().starts_with(mark)
    }

    /// Goes behind `mark`, if it is what comes next.
    fn takes(&mut self, mark: char) -> bool {
        let rest = self.json[self.at..].trim_ascii_start();
        let takes = rest.starts_with(mark);
        if takes {
            self.at = self.json.len() - rest.len() + mark.len_utf8();
        }
        takes
    }

    /// Begins anew with what stands from `at` on, in proper JSON.
    fn clean_from(&mut self, at: usize) {
        *self = Self { json: without_nan(&self.json[at..]), at: 0, is_clean: true };
    }
}

/// Python writes `NaN` and `Infinity`, which JSON does not have: `null` in their place, outside of texts.
fn without_nan(json: &str) -> String {
    let mut clean = String::with_capacity(json.len());
    let (mut rest, mut in_text) = (json, false);
    while let Some(c) = rest.chars().next() {
        let number =
            ["-Infinity", "Infinity", "NaN"].iter().find(|&number| !in_text && rest.starts_with(number));
        let taken = match number {
            Some(number) => {
                clean.push_str("null");
                number.len()
            }
            None if in_text && c == '\\' => {
                let taken = rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at);
                clean.push_str(&rest[..taken]);
                taken
            }
            None => {
                in_text ^= c == '"';
                clean.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(description: &mut Description) -> Vec<Node> {
        std::iter::from_fn(|| description.next_layer().unwrap()).collect()
    }

    fn described(json: &str) -> Option<Description> {
        Description::of_json(json.to_owned())
    }

    #[test]
    fn odd_descriptions_are_read_as_far_as_they_go() {
        let odd = r#"{"class_name": "pkg>Net", "config": {"name": "n", "note": "a \"NaN\" \\", "x": -Infinity,
            "layers": [1, null, "s", {"class_name": "Conv2D", "config": {"name": "c", "layers": 3, "strides": 2}}]}}"#;
        let mut odd = described(odd).unwrap();
        assert_eq!((odd.name.as_str(), odd.has_layers), ("n", true));
        let layers = layers(&mut odd);
        assert_eq!((layers.len(), layers[3].name.as_str(), layers[3].class.as_str()), (4, "c", "Conv2D"));
        assert!(described("[]").is_none() && described("{").is_none() && described("{}").is_none());
    }

    #[test]
    fn a_bare_list_is_a_sequential_model() {
        let list =
            r#"{"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {}}], "name": "s"}"#;
        let mut list = described(list).unwrap();
        assert_eq!(list.name, "s");
        assert_eq!(layers(&mut list)[0].class, "Dense");
    }

    #[test]
    fn a_name_behind_the_layers_is_found() {
        let mut late = described(
            r#"{"config": {"layers": [{"class_name": "A"}, {"class_name": "B"}], "name": "late"}}"#,
        )
        .unwrap();
        assert_eq!(late.name, "late");
        assert_eq!(layers(&mut late).len(), 2);
    }

    #[test]
    fn a_model_without_layers_has_none() {
        for empty in
            [r#"{"class_name": "Mine", "config": {}}"#, r#"{"class_name": "A", "config": {"layers": [ ]}}"#]
        {
            let mut empty = described(empty).unwrap();
            assert!(!empty.has_layers && empty.next_layer().unwrap().is_none());
        }
    }

    #[test]
    fn a_layer_may_have_numbers_that_json_lacks() {
        let config = r#"{"class_name": "A", "config": {"name": "n", "layers": [{"class_name": "B"},
            {"class_name": "C", "config": {"name": "NaN", "least": -Infinity, "epsilon": 1e-3}}, {"class_name": "D"}]}}"#;
        let layers = layers(&mut described(config).unwrap());
        let classes: Vec<&str> = layers.iter().map(|node| node.class.as_str()).collect();
        assert_eq!(classes, ["B", "C", "D"]);
        assert_eq!((layers[1].name.as_str(), layers[1].config.epsilon.as_f64()), ("NaN", Some(1e-3)));
    }

    #[test]
    fn what_is_no_json_is_damaged_from_there_on() {
        let torn =
            r#"{"class_name": "A", "config": {"name": "n", "layers": [{"class_name": "B"}, {"class_na"#;
        let mut torn = described(torn).unwrap();
        assert_eq!(torn.next_layer().unwrap().unwrap().class, "B");
        assert!(torn.next_layer().is_err() && torn.next_layer().is_err());
    }
}

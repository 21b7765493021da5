//! Two checkpoints side by side: which of the two is drawn, and what is known of the selected layer in both.

use super::state::{Described, KernelData, LayerData, Load, State, Ticket};
use crate::weights::Layer;
use crate::weights::delta::Delta;
use crate::weights::pairing::{self, Pair};

/// What the kernels pane and the response show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Side {
    /// The checkpoint itself.
    #[default]
    A,
    /// The one that it is compared with.
    B,
    /// B − A, about zero, on one scale for the layer.
    Difference,
}

/// Every side and what it is called, in the order in which a key walks through them.
pub const SIDES: [(Side, &str); 3] = [(Side::A, "A"), (Side::B, "B"), (Side::Difference, "B − A")];

impl Side {
    /// What it is called.
    pub fn name(self) -> &'static str {
        SIDES[self as usize].1
    }

    /// The one behind it, and behind the last the first.
    #[must_use]
    pub fn next(self) -> Self {
        SIDES[(self as usize + 1) % SIDES.len()].0
    }
}

/// A layer of both checkpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// B's numbers.
    pub other: LayerData,
    /// What changed and B − A; `None` where there are no kernels, or not of one shape.
    pub kernels: Option<(Delta, KernelData)>,
}

/// The checkpoint that is compared with, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Its path as the user gave it.
    pub title: String,
    /// Its layers.
    pub layers: Load<Vec<Layer>>,
    /// What is drawn.
    pub side: Side,
    /// The selected layer.
    pub compared: Load<Compared>,
    /// The reading of A's layer that `compared` belongs to.
    pub of: Option<Ticket>,
    /// The selected kernel in B and in B − A.
    pub described: Option<[Described; 2]>,
}

impl Comparison {
    /// A comparison with the checkpoint of this name, nothing of which is known yet.
    pub fn with(title: String) -> Self {
        Self { title, ..Self::default() }
    }

    /// Which of A's layers goes with which of B's; `None` as long as B's are not known.
    pub fn pairs(&self, layers: &[Layer]) -> Option<Vec<Pair>> {
        Some(pairing::layers(layers, self.layers.ready()?))
    }

    /// The kernels of B, and B − A with what changed; the reason in words, where there are none.
    fn drawable(&self) -> Result<(&KernelData, &Delta, &KernelData), &str> {
        match &self.compared {
            Load::Idle | Load::Pending(_) => Err("reading B…"),
            Load::Failed(sentence) => Err(sentence),
            Load::Ready(Compared {
                other: LayerData::Kernels(other),
                kernels: Some((delta, difference)),
            }) => Ok((other, delta, difference)),
            Load::Ready(_) => Err("the kernels of B are of another shape: there is nothing to subtract"),
        }
    }
}

impl State {
    /// What is drawn of the two checkpoints; A, where there is only one.
    pub fn side(&self) -> Side {
        self.comparison.as_ref().map_or(Side::A, |comparison| comparison.side)
    }

    /// The kernels that are drawn, of the selected layer on the chosen side.
    ///
    /// # Errors
    /// A clause that says why there are none to draw, while there are A's.
    pub fn kernels_drawn(&self) -> Option<Result<&KernelData, &str>> {
        let own = self.kernels()?;
        let Some(comparison) = self.comparison.as_ref().filter(|it| it.side != Side::A) else {
            return Some(Ok(own));
        };
        let drawn = comparison.drawable();
        Some(drawn.map(|(other, _, difference)| if comparison.side == Side::B { other } else { difference }))
    }

    /// What changed in the selected layer and in each of its kernels, where that is known.
    pub fn delta(&self) -> Option<&Delta> {
        self.comparison.as_ref()?.drawable().ok().map(|(_, delta, _)| delta)
    }

    /// The numbers of the selected kernel on both sides, and of B − A.
    pub fn described_sides(&self) -> Option<[&Described; 3]> {
        let [other, difference] = self.comparison.as_ref()?.described.as_ref()?;
        Some([self.described.as_ref()?, other, difference])
    }
}

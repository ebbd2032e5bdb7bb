//! Who is who where no number says so: probabilistic record linkage after Fellegi and Sunter, made for Chinese registers.
//!
//! Read in this order: [`fold`] and [`address`] (one written form), [`Measure`] (levels of agreement), [`Spec`] (what is compared and which pairs),
//! [`train`] (m, u and the prior, without labels), [`score`] (weights and their explanation), [`link`] (decisions) and [`cluster`] (groups).
//!
//! - I. P. Fellegi, A. B. Sunter, *A Theory for Record Linkage*, JASA 64 (1969): the weight of a pair is the sum of log2(m / u).
//! - W. E. Winkler, *String Comparator Metrics*, ASA 1990, after M. A. Jaro, JASA 84 (1989): the similarity of names; *Using the EM algorithm*, ASA
//!   1988: m without labels; *Frequency-based matching*, ASA 1989: agreement on a rare name is worth more.
//! - R. Linacre, S. Lindsay, T. Manassis et al., *Splink*, IJPDS 7:1 (2022): training by blocking rule, the prior by rules of known recall, the
//!   waterfall. Beyond it stand here: sounds and variants of Chinese names, firms and their branches, broken and masked numbers, u freed of matches,
//!   a decision with a lead over the second best, groups that do not chain, and the same bits for any order of rows and number of threads.
//!
//! Values of people stay in memory and in the vault: results, models and warnings hold pseudonyms, shares and counts.

pub mod address;
mod blocks;
mod cluster;
mod decide;
pub mod fold;
mod measure;
mod model;
mod patterns;
mod prepared;
mod records;
mod score;
mod spec;
mod train;
mod variants;

pub use blocks::Pairing;
pub use cluster::cluster;
pub use decide::{Decision, Declared, Demand, Links, Row, link};
pub use measure::Measure;
pub use model::{Basis, Model, Shares, probability};
pub use records::{Pseudonym, Records, RecordsBuilder};
pub use score::{Pair, Scores, Step, score};
pub use spec::{Comparison, Part, Rule, Spec, comparison};
pub use train::{Trained, train};

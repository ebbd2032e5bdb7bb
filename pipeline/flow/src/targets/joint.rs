//! Whose a procedural step is: a milestone names no debtor, so it is the party's own only in a case that has no other.

use std::collections::BTreeMap;

use luheng_lake::columns::Day;
use luheng_lake::store::parquet;

use crate::context::Context;
use crate::cutoff::Facts;
use crate::error::Result;

/// The cases that more than one debtor is, or was, a party of. Their other parties lie in other buckets, so it is read over all of them.
#[derive(Clone, Debug, Default)]
pub struct Joint {
    /// Case to its debtor; to none where there are several.
    debtors: BTreeMap<String, Option<String>>,
}

impl Joint {
    /// Reads the parties of the whole lake, as known on the training day.
    ///
    /// # Errors
    /// A lake that cannot be read.
    pub fn read(ctx: &Context) -> Result<Self> {
        let mut joint = Self::default();
        for bucket in 0..ctx.buckets {
            let facts = Facts::new(&ctx.schema, |table| match table {
                "parties" => Ok(parquet::read_if_present(&ctx.work.lake_bucket(table, bucket))?),
                _ => Ok(None),
            })?;
            joint.add(&facts, ctx.as_of);
        }
        Ok(joint)
    }

    /// Adds the parties that these facts hold as known on the day; who has left counts too.
    pub fn add(&mut self, facts: &Facts, day: Day) {
        for debtor in facts.debtors() {
            let view = facts.view_of(debtor, day, &["parties"]);
            for case_no in view.rows("parties").iter().filter_map(|p| p.text("case_no")) {
                let one = self.debtors.entry(case_no.to_owned()).or_insert_with(|| Some(debtor.to_owned()));
                if one.as_deref() != Some(debtor) {
                    *one = None;
                }
            }
        }
    }

    /// Has the case exactly one party?
    pub fn is_alone(&self, case_no: &str) -> bool {
        self.debtors.get(case_no).is_some_and(Option::is_some)
    }
}

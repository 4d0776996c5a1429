//! From when, over which tree and with which agencies sums are asked for: options that several commands share.

use clap::Args;

use crate::pb;

#[derive(Args, Clone, Copy)]
pub(crate) struct Perspective {
    /// Add up over the tree of this year: figures follow mergers and moves.
    #[arg(long, value_name = "Y", default_value_t = 0, hide_default_value = true)]
    pub hierarchy_year: i32,
    /// Answer as of this journal sequence number.
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0, hide_default_value = true)]
    pub as_of: i64,
    /// Count 垂直管理 agencies, too.
    #[arg(long)]
    pub include_vertical: bool,
}

impl Perspective {
    /// Asks about a jurisdiction, from there.
    pub(crate) fn scope(&self, jurisdiction: String) -> Option<pb::Scope> {
        Some(pb::Scope {
            jurisdiction,
            hierarchy_year: self.hierarchy_year,
            as_of: self.as_of,
            include_vertical: self.include_vertical,
            ..Default::default()
        })
    }
}

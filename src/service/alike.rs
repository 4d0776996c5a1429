//! Reports of other agencies that may say the same as one that is handed in.

use std::sync::Arc;

use crate::report::{Figures, Narrative, ReportKey, ReportYear, Revision};
use crate::store::NEWEST;

use super::parts::Service;
use super::problem::Problem;
use super::submission::Submission;

impl Service {
    /// Sees to it that the texts of a year are there; whoever asks first waits for them to be read.
    pub(super) async fn know_texts(&self, year: ReportYear) -> Result<(), Problem> {
        if self.live.likeness().knows(year) {
            return Ok(());
        }
        let turn = self.texts_turn.clone().acquire_owned().await;
        let live = self.live.clone();
        Self::beside(move || {
            // Held to the end, even where the call that waits is given up.
            let _turn = turn;
            live.fill_texts(year)
        })
        .await
    }

    /// Texts that the submission's text may repeat: that of the agency's last report, and like ones of the year.
    pub(super) fn narratives_alike(
        &self,
        submission: &Submission,
        previous: Option<&Revision>,
    ) -> Result<Vec<(ReportKey, Narrative)>, Problem> {
        let Some(narrative) = &submission.narrative else { return Ok(Vec::new()) };
        let mut alike: Vec<_> =
            previous.and_then(|last| Some((last.report.clone(), last.narrative.clone()?))).into_iter().collect();
        let proposed = self.live.likeness().like(&submission.report, narrative);
        for report in proposed {
            let standing = self.store.standing(&report, NEWEST)?;
            alike.extend(standing.and_then(|standing| Some((report, standing.newest.narrative.clone()?))));
        }
        Ok(alike)
    }

    /// Reports of other agencies of the year that may have the same figures, where the year's are known.
    pub(super) fn figures_alike(&self, report: &ReportKey, figures: &Figures) -> Result<Vec<Arc<Revision>>, Problem> {
        let mut alike = Vec::new();
        let proposed = self.live.likeness().same(report, figures);
        for report in proposed {
            alike.extend(self.store.standing(&report, NEWEST)?.map(|standing| standing.newest));
        }
        Ok(alike)
    }
}

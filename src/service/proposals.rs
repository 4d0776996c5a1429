//! Dual control: a power, and a role or a code for whoever holds one, waits for a second person who holds another power.

use crate::access::{AccessChange, Asked, NotSecond, PrincipalName, Proposal, ProposalId, Role, random_bytes};
use crate::report::{Message, whole_microseconds};

use super::caller::{Authority, Caller};
use super::credentials::{PrincipalView, no_proposal};
use super::page::Page;
use super::parts::Service;
use super::problem::{Problem, Reason};

impl Service {
    /// The person who asks for a role on their own, where a second one has to agree to it.
    pub(super) fn asks_alone(&self, principal: &PrincipalName, role: &Role, caller: &Caller) -> Option<PrincipalName> {
        let Authority::Principal { name, .. } = &caller.authority else { return None };
        let directory = self.live.directory();
        let gives_power = matches!(role, Role::Power(_)) || directory.power(principal).is_some();
        let is_held = directory.roles(principal).contains(role);
        (self.policy.dual_control && gives_power && !is_held).then(|| name.clone())
    }

    /// Asks for a role; the same again is the same proposal.
    pub(super) async fn propose(
        &self,
        principal: PrincipalName,
        role: Role,
        by: PrincipalName,
        caller: &Caller,
    ) -> Result<Proposal, Problem> {
        let turn = self.access_turn().await;
        let asked = Asked::Grant(role);
        let same = |waiting: &&Proposal| (&waiting.principal, &waiting.asked, &waiting.by) == (&principal, &asked, &by);
        let waiting = self.live.directory().proposals(self.now()).find(same).cloned();
        if let Some(waiting) = waiting {
            return Ok(waiting);
        }
        let proposal = self.new_proposal(principal, asked, by)?;
        let detail = format!("{}; waits as {}", proposal.words(), proposal.name());
        let entry = caller.accepted("access.propose", proposal.principal.name(), detail);
        self.change_access(vec![AccessChange::Propose(proposal.clone())], entry, &turn).await?;
        Ok(proposal)
    }

    pub(super) fn new_proposal(
        &self,
        principal: PrincipalName,
        asked: Asked,
        by: PrincipalName,
    ) -> Result<Proposal, Problem> {
        let now = self.now();
        let ends = whole_microseconds(now.saturating_add(self.policy.proposal_life).unwrap_or(now));
        let id = random_bytes().map(ProposalId).map_err(|error| Problem::internal(&error.to_string()))?;
        Ok(Proposal { id, principal, asked, by, created: now, ends })
    }

    /// What waits for a second person, after the id `token`: by id.
    ///
    /// # Errors
    /// PAGE_INVALID for a token that is none.
    pub fn proposals(&self, size: usize, token: &str) -> Result<Page<Proposal>, Problem> {
        let after: Option<ProposalId> =
            if token.is_empty() { None } else { Some(token.parse().map_err(|_| Problem::bad_page_token())?) };
        let directory = self.live.directory();
        let waiting = directory.proposals(self.now()).filter(|one| after.is_none_or(|after| one.id > after));
        let items = waiting.take(size.saturating_add(1)).cloned().collect();
        Ok(Page::cut(items, size, |one: &Proposal| one.id.to_string()))
    }

    /// Agrees to a proposal, which is done then.
    ///
    /// # Errors
    /// PROPOSAL_NOT_FOUND; SECOND_PERSON_REQUIRED for who asked, for whom it is about, for who holds no other power, and for
    /// who was enrolled by who asked alone; TWO_POWERS.
    pub async fn confirm(&self, id: ProposalId, caller: &Caller) -> Result<PrincipalView, Problem> {
        let turn = self.access_turn().await;
        let now = self.now();
        let proposal = self.live.directory().proposal(id, now).cloned().ok_or_else(|| no_proposal(id))?;
        let Authority::Principal { name, credential, .. } = &caller.authority else {
            return Err(not_second(NotSecond::SamePower, &proposal));
        };
        let checked = self.live.directory().check_second(&proposal, name, *credential, now);
        checked.map_err(|why| not_second(why, &proposal))?;
        let change = AccessChange::Confirm { id, by: name.clone(), at: now };
        let entry = caller.accepted("access.confirm", proposal.principal.name(), proposal.words());
        self.change_access(vec![change], entry, &turn).await?;
        Ok(self.principal_view(&proposal.principal))
    }

    /// Takes a proposal off the list.
    ///
    /// # Errors
    /// PROPOSAL_NOT_FOUND.
    pub async fn decline(&self, id: ProposalId, caller: &Caller) -> Result<Proposal, Problem> {
        let turn = self.access_turn().await;
        let now = self.now();
        let proposal = self.live.directory().proposal(id, now).cloned().ok_or_else(|| no_proposal(id))?;
        let Authority::Principal { name, .. } = &caller.authority else {
            return Err(not_second(NotSecond::SamePower, &proposal));
        };
        let change = AccessChange::Decline { id, by: name.clone(), at: now };
        let entry = caller.accepted("access.decline", proposal.principal.name(), proposal.words());
        self.change_access(vec![change], entry, &turn).await?;
        Ok(proposal)
    }
}

fn not_second(why: NotSecond, proposal: &Proposal) -> Problem {
    let Proposal { principal, by, .. } = proposal;
    let (zh, en) = match why {
        NotSecond::Asker => ("该申请由您提出".to_owned(), "you asked for it yourself".to_owned()),
        NotSecond::Subject => ("该申请与您本人有关".to_owned(), "it is about yourself".to_owned()),
        NotSecond::SamePower => {
            ("您不持有系统管理或审计管理权限".to_owned(), "you hold neither system administration nor audit".to_owned())
        }
        NotSecond::SamePerson => (
            format!("您与 {by} 之一的凭据由另一方单独登记，无法认定为两人"),
            format!("one of you and {by} enrolled the other alone, so you cannot be told to be two"),
        ),
        NotSecond::AskerGone => {
            (format!("{by} 已不再是安全管理员"), format!("{by} is no longer a security administrator"))
        }
    };
    let remedy = Message::new(
        format!(
            "请另一位持有系统管理或审计管理权限、且非 {by}、{principal} 的人确认；没有的，请在本机设立（huizong credential bootstrap --role）"
        ),
        format!(
            "have it confirmed by somebody else than {by} and {principal} who holds system administration or audit; where \
             nobody does, make one on the machine itself (huizong credential bootstrap --role)"
        ),
    );
    let message = Message::new(format!("须由第二人确认：{zh}"), format!("a second person has to agree: {en}"));
    Problem::new(Reason::SecondPersonRequired, message, remedy)
}

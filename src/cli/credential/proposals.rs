//! What waits for a second person.

use crate::pb;
use crate::pb::access_service_client::AccessServiceClient;

use super::super::client::{Connection, refused};
use super::super::language::told;
use super::super::output::{Listing, print_json, time_text};
use super::{Outcome, OutputFormat, PAGE_SIZE, words};

/// Says that something waits.
pub(crate) fn tell(proposal: Option<&pb::Proposal>) {
    if let Some(pb::Proposal { name, expire_time, .. }) = proposal {
        let until = time_text(*expire_time);
        let zh = format!("须由另一位管理员确认，至 {until}：huizong credential confirm {name}");
        let en = format!("A second person has to agree until {until}: huizong credential confirm {name}");
        eprintln!("{}", told(&zh, &en, "\n"));
    }
}

pub(crate) async fn list(mut client: AccessServiceClient<Connection>, format: OutputFormat) -> Outcome {
    let mut listing = Listing::new(&["proposal", "principal", "role or credential", "asked by", "since", "until"], &[]);
    let mut page_token = String::new();
    loop {
        let request = pb::ListProposalsRequest { page_size: PAGE_SIZE, page_token };
        let page = client.list_proposals(request).await.map_err(|status| refused(&status))?.into_inner();
        if format == OutputFormat::Json {
            print_json(&page)?;
        }
        for one in page.proposals {
            let asked = one.role.as_ref().map_or(one.credential, words);
            let times = [one.create_time, one.expire_time].map(time_text);
            listing.rows.push([vec![one.name, one.principal, asked, one.asked_by], times.to_vec()].concat());
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return if format == OutputFormat::Json { Ok(()) } else { listing.print(format) };
        }
    }
}

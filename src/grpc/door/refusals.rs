//! What whoever is turned away at the door is told.

use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Response};
use tonic::body::Body;

use crate::grpc::over_http::refusal;
use crate::report::Message;
use crate::service::{Problem, Reason};

use super::OVERLOAD_WAIT;

/// A refusal of what is no gRPC call: words on a page where one is asked for, else as the HTTP API tells of it.
pub(crate) fn refusal_of_page(problem: &Problem, wants_page: bool) -> Response<Body> {
    let mut response = refusal(problem).map(Body::new);
    if wants_page {
        *response.body_mut() = Body::new(format!("{}\n{}\n", problem.message.zh, problem.message.en));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    response
}

/// Whether a request is for something to look at.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

pub(crate) fn out_of_time(limit: Duration) -> Problem {
    let seconds = limit.as_secs();
    let message =
        Message::new(format!("服务未能在{seconds}秒内答复"), format!("the service did not answer within {seconds} s"));
    let remedy = Message::new(
        "更改可能已生效：请先查询，再重试（以同一 request_id）；查询请缩小范围",
        "a change may have been made: send it again with the same request_id, or look first; ask for less at a time",
    );
    Problem::new(Reason::DeadlineExceeded, message, remedy)
}

pub(crate) fn gone_on_for_long(longest: Duration) -> Problem {
    let minutes = longest.as_secs().div_ceil(60);
    let message =
        Message::new(format!("流式调用已持续{minutes}分钟"), format!("the stream has gone on for {minutes} minutes"));
    Problem::overload(Reason::Stopping, message, OVERLOAD_WAIT)
}

pub(crate) fn foreign_host(host: &str) -> Problem {
    let host: String = host.chars().filter(|c| !c.is_control()).take(HOST_MAX_CHARACTERS).collect();
    let message = Message::new(
        format!("本服务不以 {host} 之名提供"),
        format!("the service does not answer in the name of {host}"),
    );
    let remedy = Message::new(
        "请使用证书中的名称访问；确为本服务名称的，请运维人员加入 server.hosts",
        "call it by a name of its certificate; if the name is right, have the operator add it to server.hosts",
    );
    Problem::new(Reason::HostUnknown, message, remedy)
}

/// Longest host that a refusal names.
const HOST_MAX_CHARACTERS: usize = 100;

pub(crate) fn caller_changed(now: &str) -> Problem {
    let message = Message::new(
        format!("此浏览器已改由 {now} 登录，本页显示的是他人，未执行任何操作"),
        format!("{now} has signed in in this browser; the page shows somebody else, and nothing was done"),
    );
    let remedy =
        Message::new("请刷新页面以当前账号继续，或重新登录", "reload the page to go on as they, or sign in again");
    Problem::new(Reason::CallerChanged, message, remedy).with("principal", now)
}

pub(crate) fn overloaded() -> Problem {
    let message = Message::new("服务繁忙", "the service is busy");
    Problem::overload(Reason::Overloaded, message, OVERLOAD_WAIT)
}

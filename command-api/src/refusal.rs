//! Why a command was not carried out, and which problem of the contract that is.

use axum::http::StatusCode;
use domain::order::{CommandName, Order, OrderError, OrderStatus};
use domain::text::InvalidText;
use event_store::{AppendError, DecodeError, StoreError};
use serde_json::Value;
use service_kit::problem::{PointedError, Problem, ProblemType};
use thiserror::Error;

use crate::body::Finding;

/// Why a command was not carried out. Only after [`Refusal::OutcomeUnknown`] it may have been.
#[derive(Debug, Error)]
pub(crate) enum Refusal {
    /// Who asks is unknown, or is not allowed to; or the service is stopping.
    #[error("not admitted")]
    NotAdmitted(Box<Problem>),
    /// More bytes than are taken.
    #[error("more than {limit} bytes")]
    TooLarge {
        /// The most bytes that are taken.
        limit: usize,
    },
    /// More lines than are taken in one upload.
    #[error("more than {limit} lines")]
    TooManyLines {
        /// The most lines that are taken.
        limit: usize,
    },
    /// The body is not said to be of the type that is taken.
    #[error("the body must be {expected}, in UTF-8 and not compressed")]
    NotJson {
        /// The media type that is taken.
        expected: &'static str,
    },
    /// The caller takes no answer that is offered.
    #[error("answers are {offered}")]
    NotAcceptable {
        /// The media type of the answer.
        offered: &'static str,
    },
    /// The body is not JSON, or a header is not what it should be.
    #[error("{detail}")]
    Malformed {
        /// What is wrong, for the caller.
        detail: String,
    },
    /// A query parameter is unknown, wrong or given twice.
    #[error("{detail}")]
    BadParameter {
        /// What is wrong, for the caller.
        detail: String,
    },
    /// There is no usable idempotency key.
    #[error("an Idempotency-Key of 1 to 255 characters is needed")]
    KeyMissing,
    /// The request by itself is wrong; never empty.
    #[error("{} of the request's values are wrong", .0.len())]
    Invalid(Vec<Finding>),
    /// There is no such command.
    #[error("there is no command {name:?}")]
    UnknownCommand {
        /// What was asked for.
        name: String,
    },
    /// The key was used with another request.
    #[error("the key was used with another request")]
    KeyReused,
    /// The key is being executed in this process.
    #[error("a request with this key is still being executed")]
    KeyInUse,
    /// There is no such order.
    #[error("there is no such order")]
    NoSuchOrder,
    /// The order has a version that the caller did not mean.
    #[error("the order has version {current}")]
    VersionMismatch {
        /// The version that it has.
        current: i64,
    },
    /// The order's state is against it.
    #[error(transparent)]
    Rule(Box<BrokenRule>),
    /// Too much to do: the queue is full, or the deadline passed before the log had the command.
    #[error("too busy")]
    Overloaded,
    /// The log is away.
    #[error("the event log is not available")]
    Unavailable(#[source] Option<StoreError>),
    /// The service is stopping.
    #[error("the service is stopping")]
    Stopping,
    /// Others kept changing the order.
    #[error("others keep changing this order")]
    Contention,
    /// The log has the command and may have taken it.
    #[error("it is not known whether the command was carried out")]
    OutcomeUnknown,
    /// The log refused a statement of ours.
    #[error("the event log refused a statement")]
    Store(#[source] StoreError),
    /// The log refused the events of this command.
    #[error("the event log refused the command")]
    Append(#[source] AppendError),
    /// The log holds an event that this program cannot read.
    #[error("a stored event cannot be read")]
    Decode(#[from] DecodeError),
    /// The log holds an order whose id is none.
    #[error("a stored order id cannot be read")]
    OrderId(#[from] InvalidText),
    /// The work on this command ended before its time.
    #[error("the work on a command has failed")]
    Failed,
    /// Something that always can be written as JSON could not.
    #[error("JSON could not be written")]
    Encode(#[from] serde_json::Error),
}

/// A rule of the order that the command would break, and the order as it is.
#[derive(Debug, Error)]
#[error("{error}")]
pub(crate) struct BrokenRule {
    /// The rule.
    pub(crate) error: OrderError,
    status: Option<OrderStatus>,
    version: i64,
    allowed: Vec<CommandName>,
}

impl Refusal {
    /// The rule that `order` was kept by.
    pub(crate) fn rule(error: OrderError, order: &Order) -> Self {
        if error == OrderError::NoSuchOrder {
            return Self::NoSuchOrder;
        }
        Self::Rule(Box::new(BrokenRule {
            error,
            status: order.status(),
            version: order.version(),
            allowed: order.allowed_commands(),
        }))
    }

    /// What a new order's own body breaks makes the request wrong, whatever the rule.
    pub(crate) fn of_new_order(error: &OrderError) -> Self {
        let pointer = error
            .location()
            .map(|at| at.to_string())
            .unwrap_or_default();
        Self::Invalid(vec![Finding {
            pointer,
            detail: error.to_string(),
        }])
    }

    /// The problem that the caller sees. What is ours to mend is logged here, once.
    pub(crate) fn into_problem(self) -> Problem {
        let (problem_type, detail) = (self.problem_type(), self.to_string());
        match self {
            Self::NotAdmitted(problem) => *problem,
            Self::Invalid(findings) => invalid(findings),
            Self::VersionMismatch { current } => Problem::new(problem_type)
                .detail(detail)
                .member("current_version", current),
            Self::Rule(broken) => broken.into_problem(problem_type),
            Self::KeyInUse => Problem::new(problem_type).detail(detail).retry_after(1),
            Self::Unavailable(Some(source)) => Problem::from_failure(problem_type, &source),
            Self::Store(_)
            | Self::Append(_)
            | Self::Decode(_)
            | Self::OrderId(_)
            | Self::Failed
            | Self::Encode(_) => Problem::from_failure(problem_type, &self),
            _ => Problem::new(problem_type).detail(detail),
        }
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.problem_type().status()
    }

    /// Which problem of the contract this is.
    fn problem_type(&self) -> ProblemType {
        match self {
            Self::NotAdmitted(problem) => problem.problem_type(),
            Self::TooLarge { .. } | Self::TooManyLines { .. } => ProblemType::TooLarge,
            Self::NotJson { .. } => ProblemType::NotJson,
            Self::NotAcceptable { .. } => ProblemType::NotAcceptable,
            Self::Malformed { .. } => ProblemType::Malformed,
            Self::BadParameter { .. } => ProblemType::BadParameter,
            Self::KeyMissing => ProblemType::KeyMissing,
            Self::Invalid(_) => ProblemType::InvalidRequest,
            Self::UnknownCommand { .. } | Self::NoSuchOrder => ProblemType::NotFound,
            Self::KeyReused => ProblemType::KeyReused,
            Self::KeyInUse => ProblemType::KeyInUse,
            Self::VersionMismatch { .. } => ProblemType::VersionMismatch,
            Self::Rule(broken) => of_rule(&broken.error),
            Self::Overloaded => ProblemType::Overloaded,
            Self::Unavailable(_) | Self::Stopping => ProblemType::Unavailable,
            Self::Contention => ProblemType::Contention,
            Self::OutcomeUnknown => ProblemType::OutcomeUnknown,
            Self::Store(_)
            | Self::Append(_)
            | Self::Decode(_)
            | Self::OrderId(_)
            | Self::Failed
            | Self::Encode(_) => ProblemType::Internal,
        }
    }
}

/// The problem that has a rule's name.
fn of_rule(rule: &OrderError) -> ProblemType {
    use OrderError as E;
    match rule {
        E::NoSuchOrder => ProblemType::NotFound,
        E::NotInThisState { .. } => ProblemType::NotInThisState,
        E::IdTaken { .. } => ProblemType::IdTaken,
        E::UnknownLine { .. } => ProblemType::UnknownLine,
        E::UnknownDiscount { .. } => ProblemType::UnknownDiscount,
        E::UnknownHold { .. } => ProblemType::UnknownHold,
        E::UnknownPayment { .. } => ProblemType::UnknownPayment,
        E::UnknownShipment { .. } => ProblemType::UnknownShipment,
        E::UnknownReturn { .. } => ProblemType::UnknownReturn,
        E::UnknownRefund { .. } => ProblemType::UnknownRefund,
        E::NothingChanges => ProblemType::NothingChanges,
        E::NoLine => ProblemType::NoLine,
        E::NoShippingAddress => ProblemType::NoShippingAddress,
        E::TotalDiffers { .. } => ProblemType::TotalDiffers,
        // Only a new order's own body can name something twice.
        E::LineTwice { .. } | E::TagTwice { .. } => ProblemType::InvalidRequest,
        E::CodeUsed { .. } => ProblemType::CodeUsed,
        E::DiscountExceedsBase { .. } => ProblemType::DiscountExceedsBase,
        E::OnHold => ProblemType::OnHold,
        E::QuantityExceedsOpen { .. } => ProblemType::QuantityExceedsOpen,
        E::SomethingShipped => ProblemType::SomethingShipped,
        E::AlreadyDelivered { .. } => ProblemType::AlreadyDelivered,
        E::AmountExceedsAuthorized { .. } => ProblemType::AmountExceedsAuthorized,
        E::PaymentVoided { .. } => ProblemType::PaymentVoided,
        E::PaymentCaptured { .. } => ProblemType::PaymentCaptured,
        E::AuthorizationExpired { .. } => ProblemType::AuthorizationExpired,
        E::ReturnNotRequested { .. } => ProblemType::ReturnNotRequested,
        E::ReturnNotApproved { .. } => ProblemType::ReturnNotApproved,
        E::ReturnNotReceived { .. } => ProblemType::ReturnNotReceived,
        E::AmountExceedsCaptured { .. } => ProblemType::AmountExceedsCaptured,
        E::PaymentIdNeeded { .. } => ProblemType::PaymentIdNeeded,
        E::PartSettled { .. } => ProblemType::PartSettled,
        E::TagPresent { .. } => ProblemType::TagPresent,
        E::TagAbsent { .. } => ProblemType::TagAbsent,
        E::TooManyLines { .. } => ProblemType::TooManyLines,
        E::TooManyDiscounts { .. } => ProblemType::TooManyDiscounts,
        E::TooManyTags { .. } => ProblemType::TooManyTags,
        E::TooManyHolds { .. } => ProblemType::TooManyHolds,
        E::AmountTooLarge { .. } => ProblemType::AmountTooLarge,
    }
}

impl BrokenRule {
    fn into_problem(self, problem_type: ProblemType) -> Problem {
        let allowed: Vec<Value> = self
            .allowed
            .iter()
            .map(|name| name.as_str().into())
            .collect();
        Problem::new(problem_type)
            .detail(self.error.to_string())
            .member("order_status", self.status.map(OrderStatus::as_str))
            .member("version", self.version)
            .member("allowed_commands", allowed)
    }
}

fn invalid(findings: Vec<Finding>) -> Problem {
    let detail = match findings.len() {
        1 => "one value of the request is wrong".to_owned(),
        n => format!("{n} values of the request are wrong"),
    };
    let errors = findings
        .into_iter()
        .map(|Finding { pointer, detail }| PointedError { pointer, detail });
    Problem::new(ProblemType::InvalidRequest)
        .detail(detail)
        .errors(errors)
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(Some(error)),
            StoreError::Refused(_) => Self::Store(error),
        }
    }
}

impl From<AppendError> for Refusal {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::QueueFull | AppendError::Expired => Self::Overloaded,
            AppendError::Unavailable => Self::Unavailable(None),
            AppendError::OutcomeUnknown => Self::OutcomeUnknown,
            AppendError::Closed => Self::Stopping,
            AppendError::Refused(_) | AppendError::NoEvent => Self::Append(error),
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::NotAdmitted(Box::new(problem))
    }
}

impl From<Vec<Finding>> for Refusal {
    fn from(findings: Vec<Finding>) -> Self {
        Self::Invalid(findings)
    }
}

//! Units that come back.

use std::collections::HashMap;

use crate::ReturnId;
use crate::order::{
    Facts, Received, Return, ReturnReceived, ReturnRequested, ReturnState, ReturnedLine,
};

impl Facts {
    pub(super) fn request_return(&mut self, event: &ReturnRequested) {
        let lines = event.lines.as_slice().iter().map(|line| ReturnedLine {
            line_id: line.line_id.clone(),
            quantity: line.quantity,
            reason: line.reason.clone(),
            received: None,
        });
        self.returns.push(Return {
            return_id: event.return_id.clone(),
            state: ReturnState::Requested,
            lines: lines.collect(),
            amount: None,
        });
    }

    pub(super) fn answer_return(&mut self, return_id: &ReturnId, approved: bool) {
        self.on_return(return_id, |known| {
            known.state = if approved {
                ReturnState::Approved
            } else {
                ReturnState::Declined
            };
        });
    }

    pub(super) fn receive_return(&mut self, event: &ReturnReceived) {
        let came = || event.lines.iter().map(|came| (&came.line_id, came));
        self.on_lines(came(), |line, came| {
            line.returned += came.quantity.get();
            line.returned_amount += came.amount.get();
        });
        let came: HashMap<_, _> = came().collect();
        self.on_return(&event.return_id, |known| {
            known.state = ReturnState::Received;
            known.amount = Some(event.amount);
            for line in &mut known.lines {
                line.received = came.get(&line.line_id).map(|came| Received {
                    quantity: came.quantity,
                    condition: came.condition,
                    restock: came.restock,
                });
            }
        });
    }

    fn on_return(&mut self, return_id: &ReturnId, change: impl FnOnce(&mut Return)) {
        let known = self
            .returns
            .iter_mut()
            .find(|known| known.return_id == *return_id);
        if let Some(known) = known {
            change(known);
        }
    }
}

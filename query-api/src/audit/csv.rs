//! An audit entry as a line of comma-separated values (RFC 4180).

use std::collections::HashMap;

use read_model::audit::AuditEntry;
use serde_json::value::RawValue;

/// The names of the columns.
pub(super) const HEAD: &str = "position,event_id,type,event_version,order_id,order_number,sequence,occurred_at,actor,command,\
command_id,idempotency_key,correlation_id,causation_id,traceparent,client,reason,changes,data,error\r\n";

/// Appends the line of an entry: texts as they are, null and what is not there as nothing, objects and lists as JSON.
pub(super) fn write(entry: &str, line: &mut String) -> Result<(), serde_json::Error> {
    let members: HashMap<&str, &RawValue> = serde_json::from_str(entry)?;
    for (index, name) in AuditEntry::MEMBERS.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        let json = members.get(name).map_or("null", |value| value.get());
        if json.starts_with('"') {
            field(&serde_json::from_str::<String>(json)?, line);
        } else if json != "null" {
            field(json, line);
        }
    }
    line.push_str("\r\n");
    Ok(())
}

fn field(text: &str, line: &mut String) {
    if text.contains(['"', ',', '\r', '\n']) {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_names_the_members_of_an_entry() {
        assert_eq!(HEAD, AuditEntry::MEMBERS.join(",") + "\r\n");
    }

    #[test]
    fn texts_are_themselves_and_objects_are_json() {
        let entry = r#"{"position":7,"event_id":"e","type":"NoteAdded","event_version":"1","order_id":"o","order_number":null,
            "sequence":2,"occurred_at":"t","actor":"a, \"b\"","command":"add-note","command_id":"c","idempotency_key":null,
            "correlation_id":"x","causation_id":null,"traceparent":null,"client":{"address":null,"user_agent":"u"},
            "reason":"two\nlines","changes":null,"data":{"text":"\u00e4"}}"#;
        let mut line = String::new();
        write(entry, &mut line).unwrap();
        assert_eq!(
            line,
            "7,e,NoteAdded,1,o,,2,t,\"a, \"\"b\"\"\",add-note,c,,x,,,\
            \"{\"\"address\"\":null,\"\"user_agent\"\":\"\"u\"\"}\",\"two\nlines\",,\"{\"\"text\"\":\"\"\\u00e4\"\"}\",\r\n"
        );
        assert!(write("[]", &mut line).is_err());
    }
}

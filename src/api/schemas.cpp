#include "api/endpoints.hpp"

namespace groomer::api {

// No member is ever missing: what is not known is null. What only some answers have says so.
std::string_view schemas() {
    return R"json({
"Ok": {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}},
"Error": {"type": "object", "required": ["error", "message"], "properties": {
    "error": {"type": "string", "description": "A code for programs."},
    "message": {"type": "string", "description": "A sentence for people."}}},
"LockHeld": {"type": "object", "required": ["error", "message", "holder", "since", "until"], "properties": {
    "error": {"const": "lock_held"}, "message": {"type": "string", "description": "A sentence for people."},
    "holder": {"$ref": "#/components/schemas/MaybeText", "description": "Null for another program, and where it has just gone."},
    "since": {"$ref": "#/components/schemas/MaybeTime", "description": "Null as the holder is."},
    "until": {"$ref": "#/components/schemas/MaybeTime", "description": "If nobody renews or releases it; null where it has just gone, and as that of Lock is."}}},
"Document": {"type": "object"},
"Time": {"type": "string", "format": "date-time", "description": "RFC 3339, UTC."},
"MaybeTime": {"type": ["string", "null"], "format": "date-time"},
"MaybeText": {"type": ["string", "null"]},
"Lock": {"type": "object", "required": ["lock", "held", "holder", "term", "since", "until", "mine", "foreign"], "properties": {
    "lock": {"type": "string"}, "held": {"type": "boolean"},
    "holder": {"$ref": "#/components/schemas/MaybeText", "description": "Null while it is free, and of another program."},
    "term": {"type": "integer", "description": "The last one."}, "since": {"$ref": "#/components/schemas/MaybeTime"},
    "until": {"$ref": "#/components/schemas/MaybeTime", "description": "If nobody renews or releases it. Null while it is free, and where nobody can tell: stamped in the future, a row is taken once one running replica has seen it unchanged for as long as it would be valid, and stamped at no moment or decades ago, at the next look."},
    "mine": {"type": "boolean", "description": "Held by the replica that answers."},
    "foreign": {"type": "boolean", "description": "Held by another program."},
    "renewals": {"type": "integer", "description": "Of this hold; told by /api/groomer/lock alone, as the last holds are."},
    "last_holds": {"type": "array", "maxItems": 10, "description": "The newest first.", "items": {"type": "object",
        "required": ["term", "pod", "how", "acquired_at", "ended_at", "ended", "seconds", "renewals"], "properties": {
        "term": {"type": "integer"}, "pod": {"type": "string"}, "how": {"type": "string"},
        "acquired_at": {"$ref": "#/components/schemas/MaybeTime"}, "ended_at": {"$ref": "#/components/schemas/MaybeTime"},
        "ended": {"$ref": "#/components/schemas/MaybeText", "description": "Null while held; `lost`, too, once its token is not in the row any more."},
        "seconds": {"type": ["number", "null"], "description": "So far, while held. Null where nobody knows when it was lost."},
        "renewals": {"type": "integer"}}}}}},
"Labels": {"type": "array", "items": {"type": "string"}},
"Status": {"type": "object",
    "required": ["version", "replica", "now", "mode", "page", "paused", "lock", "schedule", "holds", "ticks", "backlog", "day", "decisions",
                 "overrides", "budgets", "quotas", "replicas"],
    "properties": {
        "version": {"type": "string"}, "replica": {"type": "string", "description": "The one that answers."},
        "now": {"$ref": "#/components/schemas/Time", "description": "When the lock was looked at, by the clock of the database, as all times here are but those of GitHub's quotas."},
        "mode": {"enum": ["dry-run", "suggest", "apply", "mixed"]}, "page": {"enum": ["token", "public"]},
        "paused": {"type": "object", "required": ["paused", "since", "by"], "properties": {
            "paused": {"type": "boolean"}, "since": {"$ref": "#/components/schemas/MaybeTime"}, "by": {"$ref": "#/components/schemas/MaybeText"}}},
        "lock": {"$ref": "#/components/schemas/Lock"},
        "schedule": {"type": "object", "required": ["groomEverySeconds", "syncEverySeconds", "nextGroom", "nextSync"], "properties": {
            "groomEverySeconds": {"type": "number"}, "syncEverySeconds": {"type": "number"},
            "nextGroom": {"$ref": "#/components/schemas/MaybeTime"}, "nextSync": {"$ref": "#/components/schemas/MaybeTime"}}},
        "holds": {"type": "array", "maxItems": 50, "description": "The newest of both locks.", "items": {"type": "object",
            "required": ["lock", "term", "holder", "since", "until", "ended"], "properties": {
            "lock": {"type": "string"}, "term": {"type": "integer"}, "holder": {"type": "string"},
            "since": {"$ref": "#/components/schemas/Time"}, "until": {"$ref": "#/components/schemas/MaybeTime", "description": "Null while held, and where it was lost, nobody knows when."},
            "ended": {"enum": ["finished", "kept", "failed", "lost", "by hand", null]}}}},
        "ticks": {"type": "array", "maxItems": 20, "items": {"type": "object",
            "required": ["job", "replica", "term", "at", "seconds", "outcome", "issues"], "properties": {
            "job": {"enum": ["groom", "sync"]}, "replica": {"type": "string"}, "term": {"type": "integer"},
            "at": {"$ref": "#/components/schemas/Time"}, "seconds": {"type": ["number", "null"]},
            "outcome": {"enum": ["running", "done", "nothing_to_do", "aborted", "error", "lost", "by hand"]},
            "issues": {"type": ["integer", "null"], "description": "Null of a sync."}}}},
        "backlog": {"type": "array", "items": {"type": "object", "required": ["repo", "open", "due", "oldest", "families"], "properties": {
            "repo": {"type": "string"}, "open": {"type": "integer"}, "due": {"type": "integer"},
            "oldest": {"$ref": "#/components/schemas/MaybeTime", "description": "Since when the oldest has been due."},
            "families": {"type": "array", "items": {"type": "object", "required": ["family", "undecided", "oldest"], "properties": {
                "family": {"type": "string"}, "undecided": {"type": "integer", "description": "Open issues with none of its labels."},
                "oldest": {"$ref": "#/components/schemas/MaybeTime", "description": "When the oldest of them was opened."}}}}}}},
        "day": {"type": "array", "description": "Runs of the last 24 hours.", "items": {"type": "object",
            "required": ["hour", "source", "outcome", "count"], "properties": {
            "hour": {"$ref": "#/components/schemas/Time"}, "source": {"$ref": "#/components/schemas/Source"}, "outcome": {"type": "string"},
            "count": {"type": "integer"}}}},
        "decisions": {"type": "array", "maxItems": 50, "items": {"type": "object",
            "required": ["run", "repo", "issue", "title", "url", "at", "outcome", "dryRun", "before", "after", "source", "reason"], "properties": {
            "run": {"type": "integer"}, "repo": {"type": "string"}, "issue": {"type": "integer"}, "title": {"type": "string"},
            "url": {"$ref": "#/components/schemas/MaybeText"}, "at": {"$ref": "#/components/schemas/Time"}, "outcome": {"type": "string"},
            "dryRun": {"type": "boolean"}, "before": {"$ref": "#/components/schemas/Labels"}, "after": {"$ref": "#/components/schemas/Labels"},
            "source": {"$ref": "#/components/schemas/Source"}, "reason": {"type": "string"}}}},
        "overrides": {"type": "array", "description": "Labels of ours that a person had changed, as runs of the last 30 days found it.",
            "items": {"type": "object", "required": ["repo", "family", "count"], "properties": {
            "repo": {"type": "string"}, "family": {"type": "string"}, "count": {"type": "integer"}}}},
        "budgets": {"type": "array", "items": {"type": "object", "required": ["window", "unit", "used", "limit", "repos"], "properties": {
            "window": {"enum": ["day"]}, "unit": {"enum": ["tokens", "usd"]},
            "used": {"type": "number", "description": "By the whole installation, whosever limit it is."}, "limit": {"type": "number"},
            "repos": {"type": ["array", "null"], "items": {"type": "string"}, "description": "Those that it keeps from spending more; null for all."}}}},
        "quotas": {"type": "array", "items": {"type": "object", "required": ["resource", "remaining", "limit", "reset"], "properties": {
            "resource": {"type": "string"}, "remaining": {"type": "integer"}, "limit": {"type": "integer"},
            "reset": {"$ref": "#/components/schemas/Time"}}}},
        "replicas": {"type": "array", "description": "Whoever is connected to the database.", "items": {"type": "object",
            "required": ["name", "version", "since"], "properties": {
            "name": {"type": "string"}, "version": {"type": "string"}, "since": {"$ref": "#/components/schemas/MaybeTime"}}}}}},
"Source": {"enum": ["model", "local", "rule"], "description": "Who judged: of the sources of its decisions the one that knows most."},
"Run": {"type": "object",
    "required": ["id", "repo", "issue", "title", "url", "at", "outcome", "dryRun", "source", "before", "after", "reason"],
    "properties": {
        "id": {"type": "integer"}, "repo": {"type": "string"}, "issue": {"type": "integer"}, "title": {"type": "string"},
        "url": {"$ref": "#/components/schemas/MaybeText"}, "at": {"$ref": "#/components/schemas/Time"}, "outcome": {"type": "string"},
        "dryRun": {"type": "boolean"}, "source": {"$ref": "#/components/schemas/Source"},
        "before": {"$ref": "#/components/schemas/Labels"}, "after": {"$ref": "#/components/schemas/Labels"}, "reason": {"type": "string"}}},
"Runs": {"type": "object", "required": ["runs", "before"], "properties": {
    "runs": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}},
    "before": {"type": ["integer", "null"], "description": "Where the next page begins; null on the last one."}}},
"RunDetail": {"type": "object",
    "required": ["id", "repo", "issue", "title", "url", "at", "outcome", "dryRun", "mode", "source", "before", "after", "reason", "revision",
                 "replica", "term", "seconds", "model", "promptVersion", "contextDigest", "tokens", "costUsd", "plan", "validation", "delta",
                 "overridden", "undoneBy", "steps"],
    "properties": {
        "id": {"type": "integer"}, "repo": {"type": "string"}, "issue": {"type": "integer"}, "title": {"type": "string"},
        "url": {"$ref": "#/components/schemas/MaybeText"}, "at": {"$ref": "#/components/schemas/Time"}, "outcome": {"type": "string"},
        "dryRun": {"type": "boolean"}, "mode": {"type": "string"}, "source": {"$ref": "#/components/schemas/Source"},
        "before": {"$ref": "#/components/schemas/Labels"}, "after": {"$ref": "#/components/schemas/Labels"}, "reason": {"type": "string"},
        "revision": {"$ref": "#/components/schemas/MaybeText", "description": "Digest of what was judged."},
        "replica": {"type": "string"}, "term": {"type": "integer"}, "seconds": {"type": "number"},
        "model": {"$ref": "#/components/schemas/MaybeText", "description": "Provider and name, where a language model was asked."},
        "promptVersion": {"$ref": "#/components/schemas/MaybeText"},
        "contextDigest": {"$ref": "#/components/schemas/MaybeText", "description": "Of what the language model was shown."},
        "tokens": {"type": "object", "required": ["input", "output"], "properties": {
            "input": {"type": ["integer", "null"]}, "output": {"type": ["integer", "null"]}}},
        "costUsd": {"type": ["number", "null"]},
        "plan": {"type": "object", "description": "What was judged, as it is stored: a decision a family, what is missing, and how much the language model was shown (context_bytes, context_tokens, context_cut)."},
        "validation": {"type": "object", "required": ["fallback", "flaws"], "properties": {
            "fallback": {"$ref": "#/components/schemas/MaybeText", "description": "Why it was judged without the language model."},
            "flaws": {"$ref": "#/components/schemas/Labels", "description": "Why answers were of no use."}}},
        "delta": {"type": "object", "required": ["add", "remove"], "properties": {
            "add": {"$ref": "#/components/schemas/Labels"}, "remove": {"$ref": "#/components/schemas/Labels"}}},
        "overridden": {"$ref": "#/components/schemas/Labels", "description": "Families in which a person had changed a label of ours."},
        "undoneBy": {"type": ["integer", "null"], "description": "The run that took it back."},
        "steps": {"type": "array", "items": {"type": "object", "required": ["op", "label", "text", "result", "detail", "at"], "properties": {
            "op": {"type": "string"}, "label": {"$ref": "#/components/schemas/MaybeText"}, "text": {"$ref": "#/components/schemas/MaybeText"},
            "result": {"type": "string"}, "detail": {"$ref": "#/components/schemas/MaybeText"}, "at": {"$ref": "#/components/schemas/MaybeTime"}}}}}},
"RunRequest": {"type": "object", "additionalProperties": false, "properties": {
    "repoFullName": {"type": "string", "minLength": 1, "maxLength": 300},
    "issueNumber": {"type": "integer", "minimum": 1, "description": "Needs repoFullName. Without it one batch is taken."},
    "dryRun": {"type": "boolean", "description": "Writes nothing, whatever the policy says; the issues stay as due as they were."},
    "force": {"type": "boolean", "description": "Ignores cooldown, parking and stored decisions, never what keeps groomer from an issue."}}},
"PauseRequest": {"type": "object", "additionalProperties": false, "properties": {
    "reason": {"type": "string", "maxLength": 200, "description": "Kept with who and when, and shown as such; made one line of it."}}},
"RunAnswer": {"type": "object", "required": ["outcome", "dryRun", "results"], "properties": {
    "outcome": {"enum": ["groomed", "nothing_to_do"]}, "dryRun": {"type": "boolean"},
    "failed": {"type": "integer", "description": "Issues that could not be read or written; absent where there is none."},
    "results": {"type": "array", "items": {"type": "object",
        "required": ["repo", "issue", "outcome", "reason", "added", "removed"], "properties": {
            "repo": {"type": "string"}, "issue": {"type": "integer"}, "outcome": {"type": "string"}, "reason": {"type": "string"},
            "added": {"type": "array", "items": {"type": "string"}}, "removed": {"type": "array", "items": {"type": "string"}}}}}}},
"Paused": {"type": "object", "required": ["paused"], "properties": {"paused": {"type": "boolean"}}},
"Webhook": {"type": "object", "description": "As GitHub sends it, with the content type application/json."},
"Taken": {"type": "object", "required": ["result"], "properties": {
    "result": {"enum": ["due", "sync", "ignored", "repeated"]}}}
})json";
}

}  // namespace groomer::api

#include "api/endpoints.hpp"

namespace groomer::api {

// No member is ever missing: what is not known is null.
std::string_view schemas() {
    return R"json({
"Ok": {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}},
"Error": {"type": "object", "required": ["error", "message"], "properties": {
    "error": {"type": "string", "description": "A code for programs."},
    "message": {"type": "string", "description": "A sentence for people."}}},
"Document": {"type": "object"},
"Time": {"type": "string", "format": "date-time", "description": "RFC 3339, UTC."},
"MaybeTime": {"type": ["string", "null"], "format": "date-time"},
"MaybeText": {"type": ["string", "null"]},
"Lock": {"type": "object",
    "required": ["lock", "held", "holder", "term", "since", "until", "renewals", "mine", "foreign", "paused", "due_in_s", "last_holds"],
    "properties": {
        "lock": {"type": "string"}, "held": {"type": "boolean"}, "holder": {"$ref": "#/components/schemas/MaybeText"},
        "term": {"type": "integer"}, "since": {"$ref": "#/components/schemas/MaybeTime"},
        "until": {"$ref": "#/components/schemas/MaybeTime", "description": "If nobody renews or releases it."},
        "renewals": {"type": "integer"}, "mine": {"type": "boolean", "description": "Held by the replica that answers."},
        "foreign": {"type": "boolean", "description": "Held by another program."},
        "paused": {"type": "boolean"}, "due_in_s": {"type": "number"},
        "last_holds": {"type": "array", "items": {"type": "object"}}}}
})json";
}

}  // namespace groomer::api

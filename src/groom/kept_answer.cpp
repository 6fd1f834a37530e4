#include "groom/kept_answer.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

namespace groomer::groom {

namespace json = boost::json;

std::string to_json(KeptAnswer const& said) {
    json::object out{{"answer", said.answer}, {"by", said.by}, {"context", said.context}, {"useless", said.useless}};
    out["size"] = json::object{{"bytes", said.size.bytes}, {"tokens", said.size.tokens}, {"cut", said.size.cut}};
    out["candidates"] = json::array(said.candidates.begin(), said.candidates.end());
    if (said.repair)
        out["repair"] = json::object{{"said", said.repair->said}, {"request", said.repair->request}, {"cut_short", said.repair->cut_short}};
    return json::serialize(out);
}

std::optional<KeptAnswer> parse_kept_answer(std::string const& text) {
    try {
        auto const parsed = json::parse(text);
        auto const& object = parsed.as_object();
        KeptAnswer said;
        said.answer = json::value_to<std::string>(object.at("answer"));
        said.candidates = json::value_to<std::vector<std::int64_t>>(object.at("candidates"));
        said.by = json::value_to<std::string>(object.at("by"));
        said.context = json::value_to<std::string>(object.at("context"));
        said.useless = json::value_to<std::string>(object.at("useless"));
        if (auto const* value = object.if_contains("size")) {  // answers have been kept without it
            auto const& size = value->as_object();
            said.size = {size.at("bytes").to_number<std::size_t>(), size.at("tokens").to_number<std::size_t>(), size.at("cut").as_bool()};
        }
        if (auto const* value = object.if_contains("repair")) {
            auto const& repair = value->as_object();
            said.repair = Repair{json::value_to<std::string>(repair.at("said")), json::value_to<std::string>(repair.at("request")),
                                 repair.at("cut_short").as_bool()};
        }
        return said;
    } catch (std::exception const&) {
        return std::nullopt;
    }
}

}  // namespace groomer::groom

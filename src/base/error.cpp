#include "base/error.hpp"

namespace groomer {

std::string describe(std::exception_ptr error) {
    std::string text = "unknown error";
    try {
        if (error) std::rethrow_exception(error);
    } catch (std::exception const& e) {
        text = e.what();
    } catch (...) {
    }
    std::string line;
    for (char c : text) {
        if (c != '\n' && c != '\r') line += c;
        else if (!line.empty() && !line.ends_with("; ")) line += "; ";
    }
    if (line.ends_with("; ")) line.resize(line.size() - 2);
    return line;
}

}  // namespace groomer

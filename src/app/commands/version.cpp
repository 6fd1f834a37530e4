#include "app/version.hpp"
#include "app/commands/commands.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <iostream>

namespace groomer::app {

int print_version(CommandLine const& line) {
    auto const about = version();
    if (line.json) {
        boost::json::object const out{
            {"version", about.version},
            {"revision", about.revision},
            {"compiler", about.compiler},
            {"libraries", {{"boost", about.boost}, {"libpqxx", about.libpqxx}, {"libpq", about.libpq}, {"openssl", about.openssl}}}};
        std::cout << boost::json::serialize(out) << '\n';
        return 0;
    }
    std::cout << "groomer " << about.version << " (" << about.revision << ")\ncompiler " << about.compiler << "\nBoost " << about.boost
              << ", libpqxx " << about.libpqxx << ", libpq " << about.libpq << ", OpenSSL " << about.openssl << '\n';
    return 0;
}

}  // namespace groomer::app

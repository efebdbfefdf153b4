"""gRPC's internal headers, for the adapter of support/resolver.h.

Debian installs gRPC's public headers with the library, and the internal ones
with the sources of its Ruby package, ruby-grpc. They are good for one version
of gRPC only, so this repository knows which adapter goes with which version:

    @grpc_core_headers//:headers   the headers of the installed version
    @grpc_core_headers//:adapter   the adapter to it
"""

_BUILD = """# Written by tools/rules/grpc_core_headers.bzl.
load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])

cc_library(
    name = "headers",
    hdrs = glob(["include/src/core/**/*.h"]),
    # So GCC takes them for the system's, of which it does not warn.
    includes = [
        "include",
        "include/src/core/ext/upb-generated",
    ],
)

alias(
    name = "adapter",
    actual = "{adapter}",
)
"""

def _fail(repository_ctx, text):
    fail("\n\n  @{}: {}\n".format(repository_ctx.name, text))

def _children(path):
    return path.readdir() if path.exists else []

def _gems(repository_ctx):
    """Returns where gRPC's sources for Ruby lie: {version: folder}."""
    libraries = [repository_ctx.path("/usr/share")] + _children(repository_ctx.path("/usr/lib"))
    gems = {}
    for library in libraries:
        for ruby in _children(library.get_child("rubygems-integration")):
            for gem in _children(ruby.get_child("gems")):
                if gem.basename.startswith("grpc-") and gem.get_child("src").get_child("core").exists:
                    gems[gem.basename[len("grpc-"):]] = gem
    return gems

def _grpc_core_headers_impl(repository_ctx):
    pkg_config = repository_ctx.which("pkg-config")
    result = repository_ctx.execute([pkg_config, "--modversion", "grpc++"]) if pkg_config else None
    if not result or result.return_code != 0:
        _fail(repository_ctx, "gRPC is not installed.\n  Run tools/setup, then this command again.")
    version = result.stdout.strip()

    adapter = repository_ctx.attr.adapters.get(".".join(version.split(".")[:2]))
    if not adapter:
        _fail(repository_ctx, ("gRPC {} is installed, and support/resolver.h knows gRPC {} only.\n" +
                               "  Another version needs one more adapter: see CONTRIBUTING.md, \"Another version of gRPC\".").format(
            version,
            " and ".join(repository_ctx.attr.adapters.keys()),
        ))

    gems = _gems(repository_ctx)
    if not gems:
        _fail(repository_ctx, "ruby-grpc, which has gRPC's internal headers, is not installed.\n  Run tools/setup, then this command again.")
    if version not in gems:
        _fail(repository_ctx, "gRPC {} is installed, but ruby-grpc has the internal headers of {}.\n  The two must be of one version: take both from Debian.".format(
            version,
            " and ".join(gems.keys()),
        ))
    repository_ctx.symlink(gems[version].get_child("src").get_child("core"), "include/src/core")
    repository_ctx.file("BUILD.bazel", _BUILD.format(adapter = adapter), False)

grpc_core_headers = repository_rule(
    implementation = _grpc_core_headers_impl,
    attrs = {
        "adapters": attr.string_dict(
            doc = "Version of gRPC, as MAJOR.MINOR -> label of the adapter to it.",
            mandatory = True,
        ),
    },
    doc = "Wraps the internal headers of the installed gRPC as a repository.",
    local = True,
    environ = ["PKG_CONFIG_PATH"],
)

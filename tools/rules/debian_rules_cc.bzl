"""@rules_cc from Debian's bazel-rules-cc, mended for Debian's Bazel.

The package (0.0.4) is newer than Bazel 4.2.3 and uses two names that this Bazel
lacks. Both only matter to rules that ask for a C++ toolchain by type; the mended
copies ask for it in the way that 4.2.3 understands.
"""

_SOURCE = "/usr/share/bazel/rules/cc"

def _edit(repository_ctx, file, old, new):
    text = repository_ctx.read(file)
    if old not in text:
        fail("@rules_cc: {} no longer contains {}; tools/rules/debian_rules_cc.bzl wants a look.".format(file, repr(old)))
    repository_ctx.file(file, text.replace(old, new), False)

def _debian_rules_cc_impl(repository_ctx):
    if not repository_ctx.path(_SOURCE).exists:
        fail("\n\n  @rules_cc: {} is not there.\n  Run tools/setup, then this command again.\n".format(_SOURCE))
    copy = repository_ctx.execute(["cp", "-R", _SOURCE + "/.", "."])
    if copy.return_code != 0:
        fail("@rules_cc: " + copy.stderr)

    _edit(
        repository_ctx,
        "cc/find_cc_toolchain.bzl",
        "[config_common.toolchain_type(CC_TOOLCHAIN_TYPE, mandatory = mandatory)]",
        "[CC_TOOLCHAIN_TYPE]",
    )
    for rule in ["cc_flags_supplier", "compiler_flag"]:
        file = "cc/private/rules_impl/{}.bzl".format(rule)
        _edit(
            repository_ctx,
            file,
            "load(\"@bazel_tools//tools/cpp:toolchain_utils.bzl\", \"find_cpp_toolchain\", \"use_cpp_toolchain\")",
            "load(\"//cc:find_cc_toolchain.bzl\", \"find_cpp_toolchain\", \"use_cc_toolchain\")",
        )
        _edit(repository_ctx, file, "use_cpp_toolchain()", "use_cc_toolchain()")

debian_rules_cc = repository_rule(
    implementation = _debian_rules_cc_impl,
    doc = "Copies Debian's rules_cc and adapts it to Bazel 4.2.3.",
    local = True,
)

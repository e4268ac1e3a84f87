"""Programs that two officers have signed: tried before they are used, taken back if they fail.

manifest      what an update is: numbers, version, and the digest of every wheel
package       the one file that carries it
judgement     whether two officers have signed it, judged by what the edge holds on its disk
sources       where a file comes from
installation  a fresh environment beside the one in use, tested before it is used
versions      which program is in use, which one before it; a crash leaves the old or the new
trial         the running program proves itself, and makes way for the next
launcher      what the service manager starts: the standard library alone
"""

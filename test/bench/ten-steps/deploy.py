from io import StringIO

from pyinfra import host
from pyinfra.operations import apt, files, server

top, here, sha256 = host.data.top, host.data.here, host.data.sha256

apt.packages(packages=["coreutils"])
server.group(group="daemon")
server.user(user="daemon", ensure_home=False)
files.directory(path=f"{top}/opt/ten", mode="755")
files.put(src=StringIO("the first file\n"), dest=f"{top}/opt/ten/one", mode="644")
files.put(src=StringIO("the second file\n"), dest=f"{top}/opt/ten/two", mode="644")
files.template(src=f"{here}/three.j2", dest=f"{top}/opt/ten/three", mode="644", greeting="hello")
files.line(path=f"{top}/opt/ten/lines", line="a line of ours")
files.download(src="https://example.org/", dest=f"{top}/opt/ten/download", sha256sum=sha256)
files.link(path=f"{top}/opt/ten/link", target=f"{top}/opt/ten/one")

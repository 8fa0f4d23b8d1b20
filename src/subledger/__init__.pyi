from subledger.api import Books as Books
from subledger.api import Relieved as Relieved
from subledger.api import create as create
from subledger.api import open as open  # noqa: A004 - as json.load
from subledger.api import relieve as relieve
from subledger.errors import Finding as Finding
from subledger.errors import Refused as Refused

__version__: str

"""python log.py LOGGER < events > records: logs the events with the logger; a record separator (1E) after each call."""
import json
import logging
import sys

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


class PaymentError(Exception):
    pass


def raise_as(error):
    """As it comes out of a real call: with a traceback, and a cause where there is one."""
    if error["cause"] is None:
        raise PaymentError(error["message"])
    try:
        raise ConnectionError(error["cause"])
    except ConnectionError as cause:
        raise PaymentError(error["message"]) from cause


def standard(formatter):
    """A logger of the standard library with this formatter on standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.DEBUG)

    def call(event, n):
        log = logging.getLogger(event["logger"] if n % 2 else None)
        # Names that a LogRecord keeps for itself are refused by logging.
        extra = {key: value for key, value in event["fields"].items() if key not in ("message", "args", "name")}
        level = LEVELS[event["level"]]
        if event["error"] is None:
            log.log(level, event["message"], extra=extra)
            return
        try:
            raise_as(event["error"])
        except PaymentError:
            log.log(level, event["message"], extra=extra, exc_info=True)

    return call


def structured(log):
    """structlog: `exception` is a list of tracebacks, or a text where only the message was logged."""

    def call(event, n):
        write = getattr(log, {"warn": "warning"}.get(event["level"], event["level"]))
        fields = dict(event["fields"])
        if event["error"] is None:
            write(event["message"], **fields)
        elif n % 3 == 0:
            write(event["message"], **{**fields, "exception": event["error"]["message"]})
        else:
            try:
                raise_as(event["error"])
            except PaymentError:
                write(event["message"], exc_info=True, **fields)

    return call


def structlog_with(renderer, stamper, *more):
    import structlog

    structlog.configure(
        processors=[structlog.processors.add_log_level, stamper, *more, renderer],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
    )
    return structured(structlog.get_logger())


def structlog_json():
    import structlog

    tracebacks = structlog.processors.dict_tracebacks
    stamper = structlog.processors.TimeStamper(fmt="iso", utc=True)
    return structlog_with(structlog.processors.JSONRenderer(), stamper, tracebacks)


def structlog_unix():
    import structlog

    stamper = structlog.processors.TimeStamper(fmt=None)
    return structlog_with(structlog.processors.JSONRenderer(), stamper, structlog.processors.format_exc_info)


def structlog_console():
    import structlog

    stamper = structlog.processors.TimeStamper(fmt="iso")
    return structlog_with(structlog.dev.ConsoleRenderer(colors=True), stamper)


def loguru_with(**options):
    from loguru import logger

    logger.remove()
    logger.add(sys.stdout, level="DEBUG", backtrace=False, diagnose=False, **options)

    def call(event, n):
        log = logger.bind(**event["fields"])
        level = {"warn": "WARNING"}.get(event["level"], event["level"].upper())
        if event["error"] is None:
            log.log(level, event["message"].replace("{", "{{").replace("}", "}}"))
            return
        try:
            raise_as(event["error"])
        except PaymentError:
            log.opt(exception=True).log(level, event["message"])

    return call


def python_json(**options):
    from pythonjsonlogger.json import JsonFormatter

    return standard(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s", **options))


def uvicorn_access():
    from uvicorn.logging import AccessFormatter

    handler = logging.StreamHandler(sys.stdout)
    form = '%(levelprefix)s %(client_addr)s - "%(request_line)s" %(status_code)s'
    handler.setFormatter(AccessFormatter(form, use_colors=True))
    log = logging.getLogger("uvicorn.access")
    log.handlers, log.propagate = [handler], False
    log.setLevel(logging.INFO)

    def call(event, n):
        fields = event["fields"]
        path, status = fields.get("path", "/orders/%d" % n), fields.get("status", 500)
        log.info('%s - "%s %s HTTP/%s" %d', "10.1.0.%d:4%04d" % (n, n), fields.get("method", "GET"), path, "1.1", status)

    return call


LOGGERS = {
    "python-logging-default": lambda: standard(logging.Formatter(logging.BASIC_FORMAT)),
    "python-logging-asctime": lambda: standard(
        logging.Formatter("%(asctime)s %(levelname)-8s [%(name)s:%(lineno)d] %(message)s")
    ),
    "python-json-logger": python_json,
    "python-json-logger-timestamp": lambda: python_json(timestamp=True, rename_fields={"levelname": "level"}),
    "structlog-json": structlog_json,
    "structlog-unix": structlog_unix,
    "structlog-console": structlog_console,
    "loguru-serialized": lambda: loguru_with(serialize=True),
    "loguru-text": lambda: loguru_with(colorize=True),
    "uvicorn-access": uvicorn_access,
}

call = LOGGERS[sys.argv[1]]()
for n, line in enumerate(sys.stdin):
    call(json.loads(line), n)
    sys.stdout.write("\x1e")
    sys.stdout.flush()

// go run . LOGGER < events > records: logs the events with the logger; a record separator (1E) after each call.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/sirupsen/logrus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

type failure struct {
	Message string  `json:"message"`
	Cause   *string `json:"cause"`
}

type event struct {
	Level   string         `json:"level"`
	Logger  string         `json:"logger"`
	Message string         `json:"message"`
	Fields  map[string]any `json:"fields"`
	Error   *failure       `json:"error"`
}

// As it comes out of a real call: wrapped where there is a cause.
func (f *failure) err() error {
	if f.Cause == nil {
		return errors.New(f.Message)
	}
	return fmt.Errorf("%s: %w", f.Message, errors.New(*f.Cause))
}

type call func(event, int)

var zapLevels = map[string]zapcore.Level{"debug": zap.DebugLevel, "info": zap.InfoLevel, "warn": zap.WarnLevel, "error": zap.ErrorLevel}

func zapWith(config zap.Config) call {
	config.OutputPaths = []string{"stdout"}
	config.Level = zap.NewAtomicLevelAt(zap.DebugLevel)
	config.Sampling = nil
	logger, err := config.Build()
	if err != nil {
		panic(err)
	}
	return func(e event, n int) {
		fields := []zap.Field{}
		for name, value := range e.Fields {
			fields = append(fields, zap.Any(name, value))
		}
		if e.Error != nil {
			fields = append(fields, zap.NamedError("error", e.Error.err()))
		}
		logger.Named(e.Logger).Log(zapLevels[e.Level], e.Message, fields...)
	}
}

func zapProduction(change func(*zap.Config)) call {
	config := zap.NewProductionConfig()
	change(&config)
	return zapWith(config)
}

func zerologWith(logger zerolog.Logger) call {
	return func(e event, n int) {
		level, _ := zerolog.ParseLevel(e.Level)
		line := logger.WithLevel(level).Fields(e.Fields)
		if e.Error != nil {
			line = line.Err(e.Error.err())
		}
		line.Str("component", e.Logger).Msg(e.Message)
	}
}

func logrusWith(formatter logrus.Formatter) call {
	logger := logrus.New()
	logger.SetOutput(os.Stdout)
	logger.SetLevel(logrus.DebugLevel)
	logger.SetFormatter(formatter)
	return func(e event, n int) {
		entry := logger.WithFields(logrus.Fields(e.Fields))
		if e.Error != nil {
			entry = entry.WithError(e.Error.err())
		}
		level, _ := logrus.ParseLevel(e.Level)
		entry.Log(level, e.Message)
	}
}

func slogWith(handler slog.Handler) call {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	logger := slog.New(handler)
	return func(e event, n int) {
		arguments := []any{}
		for name, value := range e.Fields {
			arguments = append(arguments, name, value)
		}
		if e.Error != nil {
			arguments = append(arguments, "err", e.Error.err())
		}
		if n%3 == 0 {
			arguments = []any{slog.Group("context", arguments...)}
		}
		logger.Log(context.Background(), levels[e.Level], e.Message, arguments...)
	}
}

var debug = &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}

var loggers = map[string]func() call{
	"zap-production": func() call { return zapProduction(func(*zap.Config) {}) },
	"zap-nanoseconds": func() call {
		return zapProduction(func(config *zap.Config) { config.EncoderConfig.EncodeTime = zapcore.EpochNanosTimeEncoder })
	},
	"zap-iso": func() call {
		return zapProduction(func(config *zap.Config) { config.EncoderConfig.EncodeTime = zapcore.ISO8601TimeEncoder })
	},
	"zap-development": func() call {
		config := zap.NewDevelopmentConfig()
		config.EncoderConfig.EncodeLevel = zapcore.CapitalColorLevelEncoder
		return zapWith(config)
	},
	"zerolog-default": func() call { return zerologWith(zerolog.New(os.Stdout).With().Timestamp().Logger()) },
	"zerolog-unix": func() call {
		zerolog.TimeFieldFormat = zerolog.TimeFormatUnix
		return zerologWith(zerolog.New(os.Stdout).With().Timestamp().Caller().Logger())
	},
	"zerolog-unix-micro": func() call {
		zerolog.TimeFieldFormat = zerolog.TimeFormatUnixMicro
		return zerologWith(zerolog.New(os.Stdout).With().Timestamp().Logger())
	},
	"zerolog-console": func() call {
		return zerologWith(zerolog.New(zerolog.ConsoleWriter{Out: os.Stdout, TimeFormat: time.RFC3339}).With().Timestamp().Logger())
	},
	"logrus-text": func() call { return logrusWith(&logrus.TextFormatter{FullTimestamp: true}) },
	"logrus-json": func() call { return logrusWith(&logrus.JSONFormatter{}) },
	"slog-text":   func() call { return slogWith(slog.NewTextHandler(os.Stdout, debug)) },
	"slog-json":   func() call { return slogWith(slog.NewJSONHandler(os.Stdout, debug)) },
	"go-log": func() call {
		log.SetOutput(os.Stdout)
		log.SetFlags(log.LstdFlags | log.Lmicroseconds | log.Lshortfile)
		return func(e event, n int) {
			if e.Error != nil {
				log.Printf("%s: %v", e.Message, e.Error.err())
			} else {
				log.Printf("%s %+v", e.Message, e.Fields)
			}
		}
	},
}

func main() {
	write := loggers[os.Args[1]]()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan(); n++ {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			panic(err)
		}
		write(e, n)
		fmt.Print("\x1e")
	}
}

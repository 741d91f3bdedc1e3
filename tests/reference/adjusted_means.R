# Expected values of designs with covariates or incomplete blocks, computed by car, sandwich, emmeans and lmerTest.
# `make reference` runs this script and stores its output. Each table is stored, so that the tests need no R.
suppressPackageStartupMessages({
  library(car); library(emmeans); library(sandwich); library(lmerTest); library(pbkrtest); library(mvtnorm); library(jsonlite)
})
options(contrasts = c("contr.sum", "contr.poly"), digits = 15)
emm_options(msg.interaction = FALSE, lmer.df = "kenward-roger")
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10), calc.derivs = FALSE)
tables <- list()

# P(max |T| > t) for contrasts with this covariance: Simpson's rule over the standard deviation.
tail_of_max <- function(t, covariance, df) {
  if (nrow(covariance) == 1) return(2 * pt(-t, df))
  R <- cov2cor(covariance)
  ends <- sqrt(qchisq(c(1e-9, 1 - 1e-9), df) / df)
  s <- seq(ends[1], ends[2], length.out = 41)
  density <- 2 * df * s * dchisq(df * s^2, df)
  outside <- sapply(s, function(each) 1 - pmvnorm(rep(-t * each, nrow(R)), rep(t * each, nrow(R)), corr = R,
                                                  algorithm = GenzBretz(maxpts = 25000, abseps = 1e-4)))
  weights <- c(1, rep(c(4, 2), length.out = length(s) - 2), 1) * diff(s)[1] / 3
  sum(weights * density * outside)
}

levels_of <- function(grid, factors) Reduce(function(a, b) paste(a, b, sep = ":"), lapply(grid@grid[factors], as.character))

of_means <- function(grid, factors) {
  found <- as.data.frame(summary(grid, infer = TRUE))
  list(levels = levels_of(grid, factors), mean = found$emmean, standard_error = found$SE,
       df = found$df, low = found$lower.CL, high = found$upper.CL)
}

of_pairs <- function(grid, factors, adjust) {
  pairs <- pairs(grid, adjust = "none")
  found <- as.data.frame(summary(pairs, infer = TRUE))
  ends <- combn(levels_of(grid, factors), 2)
  p <- if (adjust == "tukey") as.data.frame(summary(pairs(grid, adjust = "tukey")))$p.value
       else sapply(seq_len(nrow(found)), function(k) tail_of_max(abs(found$t.ratio[k]), vcov(pairs), found$df[k]))
  list(first = I(ends[1, ]), second = I(ends[2, ]), difference = I(found$estimate), standard_error = I(found$SE),
       df = I(found$df), p = I(p))
}

# Adjusted means and pairs of each factor, then of all of them. emmeans varies the first factor fastest.
compared <- function(model, factors, adjust, ...) {
  lapply(c(as.list(factors), if (length(factors) > 1) list(factors)), function(set) {
    grid <- emmeans(model, rev(set), ...)
    list(effect = paste(set, collapse = ":"), means = of_means(grid, set), pairs = of_pairs(grid, set, adjust))
  })
}

omega <- function(f, df, rdf) max((f - 1) * df, 0) / (f * df + rdf + 1)

rows <- function(name, f, df, rdf, p, ...) list(name = name, f = f, df = c(df, rdf), p = p, ...)

slopes_of <- function(model, covariates, V, df) {
  lapply(covariates, function(each) {
    list(covariate = each, slope = unname(coef(model)[each]), standard_error = sqrt(V[each, each]), df = df)
  })
}

by_regression <- function(formula, data, factors, covariates) {
  model <- lm(formula, data)
  cells <- paste(factors, collapse = "*")
  longer <- lapply(covariates, function(each) update(model, paste(". ~ . + (", cells, "):", each)))
  V <- vcovHC(model, "HC3")
  tests <- Anova(model, type = 3, vcov. = V)
  names <- setdiff(rownames(tests), c("(Intercept)", "Residuals"))
  rdf <- df.residual(model)
  new <- function(m) setdiff(names(coef(m)), names(coef(model)))
  homogeneity <- function(m, ...) {
    test <- linearHypothesis(m, new(m), ...)
    list(f = test$F[2], df = c(test$Df[2], df.residual(m)), p = test$`Pr(>F)`[2])
  }
  classical <- lapply(c(II = 2, III = 3), function(type) {
    tests <- Anova(model, type = type)
    lapply(names, function(each) rows(each, tests[each, "F value"], tests[each, "Df"], rdf, tests[each, "Pr(>F)"],
                                      sum_of_squares = tests[each, "Sum Sq"]))
  })
  list(default = list(
         effects = lapply(names, function(each) rows(each, tests[each, "F"], tests[each, "Df"], rdf, tests[each, "Pr(>F)"],
                                                     omega = omega(tests[each, "F"], tests[each, "Df"], rdf))),
         compared = compared(model, factors, "max-t", vcov. = V), slopes = slopes_of(model, covariates, V, rdf),
         homogeneity = lapply(longer, function(m) homogeneity(m, vcov. = vcovHC(m, "HC3")))),
       classical = list(II = classical$II, effects = classical$III, compared = compared(model, factors, "tukey"),
                        slopes = slopes_of(model, covariates, vcov(model), rdf), homogeneity = lapply(longer, homogeneity)))
}

by_mixed_model <- function(formula, data, factors, covariates) {
  model <- lmer(formula, data, control = control)
  tests <- anova(model, ddf = "Kenward-Roger", type = 3)
  V <- as.matrix(vcovAdj(model))
  slopes <- lapply(covariates, function(each) {
    found <- contest1D(model, as.numeric(names(fixef(model)) == each), ddf = "Kenward-Roger")
    list(covariate = each, slope = found$Estimate, standard_error = found$`Std. Error`, df = found$df)
  })
  homogeneity <- lapply(covariates, function(each) {
    longer <- lmer(update(formula, paste(". ~ . + (", paste(factors, collapse = "*"), "):", each)), data,
                   control = control)
    L <- diag(length(fixef(longer)))[!names(fixef(longer)) %in% names(fixef(model)), , drop = FALSE]
    kr <- KRmodcomp(as(longer, "lmerMod"), L)$test["Ftest", ]
    list(f = kr$stat, df = c(kr$ndf, kr$ddf), p = kr$p.value)
  })
  list(default = list(
    effects = lapply(rownames(tests), function(each) {
      f <- tests[each, "F value"]; df <- tests[each, "NumDF"]; rdf <- tests[each, "DenDF"]
      rows(each, f, df, rdf, tests[each, "Pr(>F)"], omega = omega(f, df, rdf))
    }),
    compared = compared(model, factors, "max-t"), slopes = slopes, homogeneity = homogeneity,
    components = as.data.frame(VarCorr(model))$vcov))
}

add <- function(name, data, response, factors, covariates = NULL, block = NULL) {
  data[factors] <- lapply(data[factors], factor)
  random <- if (!is.null(block)) paste0("(1 | ", block, ")")
  terms <- paste(c(paste(factors, collapse = " * "), covariates, random), collapse = " + ")
  formula <- as.formula(paste(response, "~", terms))
  expected <- (if (is.null(block)) by_regression else by_mixed_model)(formula, data, factors, covariates)
  columns <- lapply(data[c(response, factors, covariates, block)], function(each) {
    if (is.numeric(each)) each else as.character(each)
  })
  tables[[length(tables) + 1]] <<- list(
    name = name, formula = deparse1(formula), response = response, factors = I(factors),
    covariates = I(as.character(covariates)), block = block, columns = columns, expected = expected)
}

# Covariates
add("mtcars, weight", mtcars, "mpg", "cyl", "wt")
add("mtcars, two covariates", mtcars, "mpg", "am", c("wt", "qsec"))
add("mtcars, two factors", mtcars, "mpg", c("vs", "am"), "wt")
add("iris", iris, "Sepal.Length", "Species", "Sepal.Width")
add("warpbreaks with noise", { set.seed(1); transform(warpbreaks, x = rnorm(54)) }, "breaks", c("wool", "tension"), "x")
set.seed(2)
d <- data.frame(group = rep(c("a", "b", "c", "d"), c(6, 9, 14, 5)), skill = rexp(34))
d$score <- 3 * d$skill + (d$group == "c") + rnorm(34) * c(a = 1, b = 4, c = 1, d = 2)[d$group]
add("unequal variances", d, "score", "group", "skill")

# Incomplete blocks
incomplete <- function(seed, blocks, k, drop, spread) {
  set.seed(seed)
  d <- expand.grid(seed = paste0("s", seq_len(blocks)), agent = letters[seq_len(k)], stringsAsFactors = FALSE)
  d$kills <- rnorm(nrow(d)) + spread * rnorm(blocks)[match(d$seed, unique(d$seed))] + .6 * match(d$agent, letters)
  d[-sample(nrow(d), drop), ]
}
add("three agents, seeds missing", incomplete(3, 10, 3, 8, 2), "kills", "agent", block = "seed")
add("five agents, seeds missing", incomplete(4, 12, 5, 21, 1), "kills", "agent", block = "seed")
add("blocks without effect", transform(incomplete(5, 9, 3, 6, 0), kills = kills - .8 * ave(kills, seed)), "kills", "agent",
    block = "seed")
set.seed(6)
d <- expand.grid(seed = paste0("s", 1:11), map = c("m1", "m2"), agent = c("a", "b", "c"), stringsAsFactors = FALSE)
d <- d[-sample(66, 15), ]
d$kills <- rnorm(51) + 2 * rnorm(11)[match(d$seed, paste0("s", 1:11))] + (d$agent == "b")
add("two factors, seeds missing", d, "kills", c("agent", "map"), block = "seed")
set.seed(7)
d <- data.frame(run = rep(paste0("r", 1:9), c(3, 5, 4, 6, 2, 4, 5, 3, 4)))
d$condition <- ifelse(d$run %in% paste0("r", 1:4), "old", "new")
d$fitness <- rnorm(36) + 1.2 * rnorm(9)[match(d$run, paste0("r", 1:9))] + (d$condition == "new")
add("runs nested in conditions", d, "fitness", "condition", block = "run")
set.seed(8)
d <- incomplete(9, 12, 3, 7, 1.5)
d$distance <- rnorm(nrow(d))
d$kills <- d$kills + .8 * d$distance
add("covariate in incomplete blocks", d, "kills", "agent", "distance", "seed")

packages <- c("car", "emmeans", "sandwich", "lmerTest", "pbkrtest", "mvtnorm")
versions <- c(R = R.version.string, sapply(packages, function(each) as.character(packageVersion(each))))
lines <- sapply(tables, function(each) toJSON(each, digits = NA, auto_unbox = TRUE, null = "null"))
out <- commandArgs(TRUE)[1]
writeLines(c(paste0('{"versions": ', toJSON(as.list(versions), auto_unbox = TRUE), ', "tables": ['), paste(lines, collapse = ",\n"), "]}"), out)
cat(length(tables), "tables\n")
